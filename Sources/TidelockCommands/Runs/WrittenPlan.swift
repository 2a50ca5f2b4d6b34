internal import ContentModel
internal import Foundation
internal import Glibc
internal import SyncEngine
internal import SyncProtocol

/// A written plan in its file, and who may carry it out.
extension WrittenPlan {
    /// Only its owner may read it: ids of items can be confidential.
    func write(to path: String) throws {
        let bytes = try encoded()
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0, fchmod(descriptor, 0o600) == 0 else { throw Self.unwritable(path) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: bytes)
            try handle.close()
        } catch {
            throw Self.unwritable(path)
        }
    }

    private static func unwritable(_ path: String) -> TidelockError {
        TidelockError(
            .storageFailed, "\(path.printable) cannot be written: \(String(cString: strerror(errno))).",
            hint: "Check the folder and its permissions.")
    }

    /// Throws `not_found` when there is no file, and like `init(decoding:named:)`.
    static func read(_ path: String) throws -> WrittenPlan {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw NamedFile.unreadable(path)
        }
        return try WrittenPlan(decoding: Array(data), named: path)
    }

    private var maker: InstanceIdentity { direction == .push ? source : destination }
    private var responder: InstanceIdentity { direction == .push ? destination : source }

    /// Throws when the plan was made by another instance.
    func require(of identity: InstanceIdentity) throws {
        guard maker.id == identity.id else {
            throw TidelockError(
                .planOutdated, "The plan was made by instance '\(maker.name.printable)', which is another one.",
                hint: "Apply it where it was made, or make a new one.")
        }
    }

    /// Throws when the plan was made for another instance than the one that answers.
    func requireResponder(_ responder: InstanceIdentity?) throws {
        guard let responder, responder.id != self.responder.id else { return }
        throw TidelockError(
            .planOutdated,
            "At target '\(target.printable)' answers instance '\(responder.name.printable)', not the one that the plan was made for.",
            hint: "Make a new plan.")
    }
}

/// The source of a push that carries a written plan out.
struct AppliedSource: SourcePort {
    let opening: PushOpening
    let plan: WrittenPlan

    func plan(transfer: String, _ request: MakePlan) async throws -> PlanAnswer {
        try plan.requireResponder(await opening.responder)
        return try await opening.plan(transfer: transfer, request)
    }

    func batch(transfer: String, number: Int) async throws -> EncodedBatch {
        try await opening.batch(transfer: transfer, number: number)
    }

    func acknowledge(transfer: String, _ result: CommitResult) async throws {
        try await opening.acknowledge(transfer: transfer, result)
    }
}
