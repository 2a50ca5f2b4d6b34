import Foundation

/// Bytes of this process that are in memory, after what was freed went back to the system.
func residentBytes() -> Int {
    // Not in any header that Swift sees: https://man7.org/linux/man-pages/man3/malloc_trim.3.html
    if let symbol = dlsym(nil, "malloc_trim") {
        _ = unsafeBitCast(symbol, to: (@convention(c) (Int) -> CInt).self)(0)
    }
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * sysconf(Int32(_SC_PAGESIZE))
}
