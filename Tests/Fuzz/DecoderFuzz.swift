import Foundation
import FuzzedDecoders

/// The decoder that `TIDELOCK_DECODER` names. Its caller is libFuzzer, which brings the `main` function along.
private let decoder: FuzzedDecoder = {
    let name = ProcessInfo.processInfo.environment["TIDELOCK_DECODER"] ?? ""
    guard let decoder = FuzzedDecoder.named(name) else {
        let names = FuzzedDecoder.all.map(\.name).joined(separator: ", ")
        fatalError("TIDELOCK_DECODER names no decoder; there are \(names)")
    }
    return decoder
}()

/// Errors are answers; what the fuzzer looks for is a crash or a broken promise.
/// https://llvm.org/docs/LibFuzzer.html#fuzz-target
@_cdecl("LLVMFuzzerTestOneInput")
public func decodeOne(_ bytes: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: bytes, count: size))
    let isDone = DispatchSemaphore(value: 0)
    // Owned by this call, which waits for it: libFuzzer knows nothing of tasks.
    Task.detached {
        do {
            try await decoder.read(input)
        } catch let broken as BrokenPromise {
            fatalError("\(broken)")
        } catch {}
        isDone.signal()
    }
    isDone.wait()
    return 0
}
