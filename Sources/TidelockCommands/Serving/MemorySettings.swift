internal import CMalloc

/// How the C library keeps memory that was freed.
enum MemorySettings {
    /// A page of items and its results come and go many times a second. Left to itself, the C library hands their
    /// memory back to the system each time, which then clears it page by page before it is used again: that took a
    /// third of the time of a simple filter handler. See https://man7.org/linux/man-pages/man3/mallopt.3.html.
    static func apply() {
        #if os(Linux)
            _ = mallopt(M_TRIM_THRESHOLD, 64 << 20)
            _ = mallopt(M_MMAP_THRESHOLD, 32 << 20)
            _ = mallopt(M_TOP_PAD, 1 << 20)
            // A page of items is made by one thread and freed by another. Each of many arenas would keep its share of
            // that: with two, a first push peaks a quarter lower, and is as fast.
            _ = mallopt(M_ARENA_MAX, 2)
        #endif
    }
}
