internal import ContentModel
internal import Foundation
internal import Glibc
public import SyncEngine
internal import SyncProtocol

extension Store: ConditionReader {
    public func condition(for caller: String) async throws -> InstanceCondition {
        let lease = try await leaseHolder().map {
            HeldLease(holder: $0.holder, since: $0.since, expires: $0.expires, isOwn: $0.source == caller)
        }
        // On a thread of the store: the file system may take its time.
        let storage = try await read { [self] _ in
            StorageCondition(freeBytes: try freeBytes, uploads: UploadFolder(at: folder.appending(path: "uploads")))
        }
        return InstanceCondition(lease: lease, storage: storage)
    }

    /// Who is told of a failure may be somebody else, whom it concerns but not the path.
    private var freeBytes: Int64 {
        get throws {
            do {
                return try StoreFile.freeBytes(in: folder.path)
            } catch {
                throw TidelockError(.storageFailed, "The free space of the store cannot be told.", underlying: error)
            }
        }
    }
}

extension UploadFolder {
    /// Finds out by making a file, which is removed at once: permissions alone tell nothing about a file system that
    /// takes no changes, and mean nothing to the administrator.
    init(at folder: URL) {
        if let facts = DiskFacts(at: folder.path, followsLinks: true) {
            self = facts.isFolder ? Self.tried(folder) : .notAFolder
        } else if errno == ENOENT, DiskFacts(at: folder.path) == nil, folder.path != "/" {
            self.init(at: folder.deletingLastPathComponent().standardizedFileURL)
        } else {
            self = Self(refusal: errno)
        }
    }

    private static func tried(_ folder: URL) -> UploadFolder {
        let path = folder.appending(path: ".tidelock-\(UUID().uuidString)").path
        let descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return UploadFolder(refusal: errno) }
        // An empty file can be made where the disk is full.
        let written = write(descriptor, "-", 1)
        let refusal = written == 1 ? nil : errno
        _ = Glibc.close(descriptor)
        unlink(path)
        return refusal.map { UploadFolder(refusal: $0) } ?? .writable
    }

    private init(refusal error: Int32) {
        self =
            switch error {
            case EACCES, EPERM: .notPermitted
            case EROFS: .readOnly
            case ENOSPC, EDQUOT: .full
            // A link that leads nowhere keeps a folder from being made as well.
            case ENOTDIR, ENOENT: .notAFolder
            default: .unusable
            }
    }
}
