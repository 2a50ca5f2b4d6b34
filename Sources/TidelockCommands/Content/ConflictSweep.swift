internal import ContentModel

/// Decides many conflicts for the same side, and goes on behind those that cannot be decided so.
struct ConflictSweep {
    /// A conflict that waits on, and why.
    struct PassedOver {
        var id: Int64
        var reason: TidelockError
    }

    private(set) var decided = 0
    private(set) var passedOver: [PassedOver] = []

    /// Conflicts settled in one transaction.
    static let page = 200

    /// What lies in one conflict, and says nothing about the others.
    private static let reasons: Set<ErrorCode> = [
        .conflicts, .pathTaken, .blobMissing, .invalidAsset, .unknownConflict,
    ]

    init() {}

    /// Throws what keeps all of them from being decided; what was decided before stays so.
    ///
    /// - Parameter decide: decides all that it is given, or throws and decides none
    mutating func run(_ ids: [Int64], _ decide: ([Int64]) async throws -> Void) async throws {
        var open = ids
        var before: Int
        repeat {
            before = decided
            for page in open.pages(of: Self.page) { try await settle(page, decide) }
            open = decided > before ? blocked() : []
        } while !open.isEmpty
    }

    /// Halves what fails: what is decided together may need to be, as two assets that exchange their paths.
    private mutating func settle(_ ids: [Int64], _ decide: ([Int64]) async throws -> Void) async throws {
        do {
            try await decide(ids)
            decided += ids.count
        } catch let error as TidelockError where Self.reasons.contains(error.code) {
            guard ids.count > 1 else { return passedOver.append(PassedOver(id: ids[0], reason: error)) }
            try await settle(Array(ids.prefix(ids.count / 2)), decide)
            try await settle(Array(ids.dropFirst(ids.count / 2)), decide)
        }
    }

    /// Takes those back that another conflict was in the way of, which may be decided by now.
    private mutating func blocked() -> [Int64] {
        let ids = passedOver.filter { $0.reason.code == .pathTaken }.map(\.id)
        passedOver.removeAll { $0.reason.code == .pathTaken }
        return ids
    }
}
