internal import ContentModel
internal import SyncProtocol

extension SchemaFinding {
    /// What breaks and for how many items, with some of them.
    var sentence: String {
        let named = examples.prefix(3).map { "\($0.kind)/\($0.id.printable)" }
        let more = named.isEmpty || items == named.count ? "" : ", …"
        return "\(what), \(many)" + (named.isEmpty ? "" : ": \(named.joined(separator: ", "))\(more)")
    }

    private var place: String { [model, field].compactMap { $0?.printable }.joined(separator: ".") }

    private var what: String {
        switch change {
        case .modelDeleted: "\(place) is deleted"
        case .modelType, .fieldType: "\(place) changes\(step)"
        case .fieldRemoved: "\(place) is removed"
        case .fieldRequired: "\(place) becomes required"
        case .fieldMultiple: "\(place) changes\(step)"
        case .optionsRemoved: "\(place) loses options (\(from?.printable ?? "?"))"
        case .localesOff: "\(place) has no locales any more"
        }
    }

    private var step: String {
        guard let from, let to else { return "" }
        return " from \(from.printable) to \(to.printable)"
    }

    private var many: String {
        let (one, several) =
            switch change {
            case .modelDeleted: ("item of it stays", "items of it stay")
            case .modelType: ("item is there", "items are there")
            case .fieldRemoved: ("item has a value in it", "items have values in it")
            case .fieldType, .fieldMultiple: ("item does not fit", "items do not fit")
            case .fieldRequired: ("item lacks it", "items lack it")
            case .optionsRemoved: ("item uses them", "items use them")
            case .localesOff: ("item has translations", "items have translations")
            }
        return items == 1 ? "1 \(one)" : "\(items) \(several)"
    }
}
