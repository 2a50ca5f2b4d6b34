internal import JSONKernel

/// What becomes of an asset that content may carry copies of.
public struct AssetChange: Sendable {
    public var old: JSONDocument
    /// Nil when the asset is gone.
    public var new: JSONDocument?

    public init(from old: JSONDocument, to new: JSONDocument?) {
        self.old = old
        self.new = new
    }
}

/// Content that shows an asset carries a copy of it: an object with the asset's `_id`, a `path` and a `mime`. When the
/// asset changes, so must its copies.
extension JSONDocument {
    /// The item with its copies of some assets, named by their ids, brought up to date; nil when nothing changes.
    ///
    /// A copy takes over the asset as it is and keeps what only the copy has, such as `_data`; the copy of an asset that
    /// is gone becomes null. All other bytes stay.
    public func updatingCopies(of changes: [ItemID: AssetChange]) -> JSONDocument? {
        let replacements = withIndex { index in
            var found: [(range: Range<Int>, value: [UInt8])] = []
            // The item itself is no copy, even where it looks like one.
            for child in index.children(0) { index.collectCopies(in: child, of: changes, in: self, into: &found) }
            return found
        }
        var changed: [UInt8] = []
        var position = 0
        for (range, value) in replacements {
            changed += bytes[position..<range.lowerBound]
            changed += value
            position = range.upperBound
        }
        changed += bytes[position...]
        return changed == bytes ? nil : JSONDocument(trusted: changed)
    }

    /// This copy after a change of its asset.
    fileprivate func updated(by change: AssetChange, _ all: [ItemID: AssetChange]) -> JSONDocument {
        guard let new = change.new, let copy = FieldMembers(self), var merged = FieldMembers(new),
            let old = FieldMembers(change.old)
        else { return .null }
        for member in copy.list where merged[member.key] == nil && old[member.key] == nil {
            merged.append(member.with(member.value.updatingCopies(of: all) ?? member.value))
        }
        return merged.document
    }
}

extension JSONIndex {
    /// Documents are at most 512 levels deep, so this may call itself.
    fileprivate func collectCopies(
        in value: Int, of changes: [ItemID: AssetChange], in document: JSONDocument,
        into found: inout [(range: Range<Int>, value: [UInt8])]
    ) {
        let isObject = kind(value) == JK_OBJECT
        guard isObject || kind(value) == JK_ARRAY else { return }
        if isObject, let change = copiedAsset(value).flatMap({ changes[ItemID($0)] }) {
            let copy = JSONDocument(trusted: Array(document.bytes[range(value)]))
            found.append((range(value), copy.updated(by: change, changes).bytes))
        } else {
            for child in children(value) { collectCopies(in: child, of: changes, in: document, into: &found) }
        }
    }

    /// The id of the asset that an object is a copy of.
    private func copiedAsset(_ object: Int) -> String? {
        guard let id = text(object, "_id"), text(object, "path") != nil, text(object, "mime") != nil else { return nil }
        return id
    }
}
