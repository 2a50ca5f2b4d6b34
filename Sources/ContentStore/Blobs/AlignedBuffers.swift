internal import Synchronization

/// Memory that is aligned to the blocks of disks, kept for the next one who needs some: such pieces, allocated anew each
/// time, leave holes that the process never gives back.
enum AlignedBuffers {
    /// What every disk takes: a multiple of its sectors, in bytes.
    static let block = 4_096

    private static let kept = Mutex<[Buffer]>([])
    private static let mostKept = 4

    /// Whoever took it owns it alone.
    private struct Buffer: @unchecked Sendable {
        let bytes: UnsafeMutableRawBufferPointer
    }

    /// Hands a copy of bytes to `body`.
    static func withCopy<Result>(
        of bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        let buffer = take(bytes.count)
        defer { giveBack(buffer) }
        buffer.bytes.copyMemory(from: bytes)
        return try body(UnsafeRawBufferPointer(rebasing: buffer.bytes[..<bytes.count]))
    }

    private static func take(_ count: Int) -> Buffer {
        let known = kept.withLock { kept in
            kept.lastIndex { $0.bytes.count >= count }.map { kept.remove(at: $0) }
        }
        return known ?? Buffer(bytes: .allocate(byteCount: count, alignment: block))
    }

    private static func giveBack(_ buffer: Buffer) {
        let isKept = kept.withLock { kept in
            guard kept.count < mostKept else { return false }
            kept.append(buffer)
            return true
        }
        if !isKept { buffer.bytes.deallocate() }
    }
}
