import ContentModel
import Foundation
import SyncProtocol

/// The decoder that `TIDELOCK_DECODER` names. Its caller is libFuzzer, which brings the `main` function along.
private let decoder: FuzzedDecoder = {
    let name = ProcessInfo.processInfo.environment["TIDELOCK_DECODER"] ?? ""
    guard let decoder = FuzzedDecoder(rawValue: name) else {
        let names = FuzzedDecoder.allCases.map(\.rawValue).joined(separator: ", ")
        fatalError("TIDELOCK_DECODER names no decoder; there are \(names)")
    }
    return decoder
}()

/// https://llvm.org/docs/LibFuzzer.html#fuzz-target
@_cdecl("LLVMFuzzerTestOneInput")
public func decodeOne(_ bytes: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    try? decoder.decode(Array(UnsafeBufferPointer(start: bytes, count: size)))
    return 0
}

/// What reads bytes that a peer sent. Errors are answers; what the fuzzer looks for is a crash.
enum FuzzedDecoder: String, CaseIterable {
    case batch, lines, open, plan, answer, list, commit, filter, rows, expected, outputs

    func decode(_ bytes: [UInt8]) throws {
        switch self {
        case .batch: try read(bytes)
        case .lines: try read(try Zstandard.compress(bytes))
        case .open: try again(OpenTransfer.self, bytes)
        case .plan: try again(MakePlan.self, bytes)
        case .answer: try again(PlanAnswer.self, bytes)
        case .list: try again(HeldPage.self, bytes)
        case .commit: try again(CommitTransfer.self, bytes)
        case .rows: try again(PlannedPage.self, bytes)
        case .expected: try again(ExpectRows.self, bytes)
        case .outputs: try again(OutputPage.self, bytes)
        case .filter:
            let filter = try ContentFilter(text: String(decoding: bytes, as: UTF8.self))
            _ = filter.matches(try JSONDocument(validating: bytes))
        }
    }

    private func read(_ payload: [UInt8]) throws {
        var decoder = try BatchDecoder(payload: payload)
        while try decoder.next() != nil {}
    }

    /// What decodes must be written as something that decodes again.
    private func again<Message: Codable>(_ type: Message.Type, _ bytes: [UInt8]) throws {
        let message = try WireBody.decode(type, from: bytes)
        let written = try WireBody.encode(message)
        guard let second = try? WireBody.decode(type, from: written), (try? WireBody.encode(second)) == written else {
            fatalError("a \(type) message changes when it is written and read again")
        }
    }
}
