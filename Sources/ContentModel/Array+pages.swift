extension Array {
    /// The elements in their order, `count` at a time; the last page may have fewer. `count` is at least 1.
    public func pages(of count: Int) -> [[Element]] { slices(of: count).map { Array($0) } }

    /// The same without copying the elements.
    public func slices(of count: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: self.count, by: count).map { self[$0..<Swift.min($0 + count, self.count)] }
    }
}
