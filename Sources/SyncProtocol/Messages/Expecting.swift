internal import ContentModel

/// Tells the source of a pull which rows of a plan made before it is to plan once more, and that it is to plan nothing
/// else.
///
/// Pages come before the plan is asked for, in any order. One without rows says that there are none.
public struct ExpectRows: Codable, Sendable {
    public var rows: [ExpectedRow]

    public init(rows: [ExpectedRow]) {
        self.rows = rows
    }

    /// What is named is remembered where it arrives, so a page that is no page is refused.
    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        rows = try members.decode([ExpectedRow].self, forKey: .rows)
        guard rows.count <= Limits.plannedRows, rows.allSatisfy(\.isPlausible) else {
            throw DecodingError.dataCorruptedError(
                forKey: .rows, in: members, debugDescription: "too many rows, or one that no plan can have")
        }
    }
}

/// A row of a plan, as much of it as its source has told its destination.
public struct ExpectedRow: Codable, Sendable, Hashable {
    public var kind: String
    public var id: String
    public var operation: PlannedRow.Operation
    /// Hex hash of what the handlers made of the item; of puts alone.
    public var output: String?

    public init(kind: String, id: String, operation: PlannedRow.Operation, output: String?) {
        self.kind = kind
        self.id = id
        self.operation = operation
        self.output = output
    }
}

extension ExpectedRow {
    fileprivate var isPlausible: Bool {
        guard kind.utf8.count <= 2 * Kind.longestName, (1...Kind.longestName).contains(id.utf8.count) else {
            return false
        }
        return operation == .put ? output.flatMap { ContentHash(hex: $0) } != nil : output == nil
    }
}
