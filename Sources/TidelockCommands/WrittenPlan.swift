internal import ContentModel
internal import Foundation
internal import Glibc
internal import SyncEngine
internal import SyncProtocol

/// A plan as a file: what a run would do, row by row, and what each row was decided from. It holds no item contents.
///
/// The one who has made the file keeps of its own side what it knows of it: the plan of a push names the hashes of the
/// items at the source, that of a pull the hashes of the items here, whose place they would take.
struct WrittenPlan: Codable, Sendable {
    static let format = "tidelock-plan"
    static let version = 1

    var format = WrittenPlan.format
    var version = WrittenPlan.version
    var direction = Direction.push
    var source: InstanceIdentity
    var destination: InstanceIdentity
    var target: String
    var scope: Scope
    var includesReverted: Bool
    /// Fingerprints of the filter handlers, by kind, in hex; none where they are the other side's.
    var handlers: [String: String]
    var items: [PlannedRow]

    /// Only its owner may read it: ids of items can be confidential.
    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
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

    /// Throws `usage` when the file is no plan or one of another version.
    static func read(_ path: String) throws -> WrittenPlan {
        struct Head: Decodable {
            var format: String
            var version: Int
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw TidelockError(.notFound, "\(path.printable) cannot be read.")
        }
        guard let head = try? JSONDecoder().decode(Head.self, from: data), head.format == format else {
            throw TidelockError(
                .invalidJSON, "\(path.printable) is not a plan.", hint: "'tidelock plan TARGET --out FILE' makes one.")
        }
        guard head.version == version else {
            throw TidelockError(
                .versionMismatch, "\(path.printable) is a plan of version \(head.version), not \(version).",
                hint: "Make it with this version of Tidelock.")
        }
        do {
            return try JSONDecoder().decode(WrittenPlan.self, from: data)
        } catch {
            throw TidelockError(.invalidJSON, "\(path.printable) is a damaged plan.", underlying: error)
        }
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
