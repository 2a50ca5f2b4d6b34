internal import ContentModel
internal import SyncEngine
internal import SyncProtocol

/// A rollback as `--json` prints it: what it did, and why that is not what was asked for.
struct RollbackAnswer: Encodable {
    let result: RollbackResult
    /// Nothing of the run could be taken back; nil where some was, or where there was nothing to take back.
    let failure: TidelockError?

    init(_ result: RollbackResult) {
        self.result = result
        let isInVain = result.restored == 0 && !result.kept.isEmpty && result.doneBefore == nil
        failure = isInVain ? Self.nothing(of: result) : nil
    }

    private static func nothing(of result: RollbackResult) -> TidelockError {
        let run = result.run.printable
        let what = result.item.map { "\($0.kind)/\($0.id.printable) was edited since run \(run)" }
        return TidelockError(
            .conflicts, "Nothing was taken back: \(what ?? "all that run \(run) changed was edited since").")
    }

    private enum CodingKeys: String, CodingKey { case error }

    func encode(to encoder: any Encoder) throws {
        try result.encode(to: encoder)
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encodeIfPresent(failure.map { RunReport.Failure($0) }, forKey: .error)
    }
}
