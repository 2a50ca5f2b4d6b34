internal import ContentModel
internal import Foundation

/// Which targets are taken one after another, because their names lead to one instance: two runs with it at once would
/// take the right to write from each other.
struct TargetTurns: Sendable {
    struct Place: Sendable, Equatable {
        var address: String
        /// The instance that answers there; nil where nobody knows.
        var instance: String?

        /// Where nobody is asked.
        static let nowhere = Place(address: "")

        init(_ target: Target, instance: String?) {
            address = Self.normalised(target.uri)
            self.instance = instance
        }

        private init(address: String) {
            self.address = address
        }

        func isSame(as other: Place) -> Bool {
            address == other.address || (instance != nil && instance == other.instance)
        }

        /// The address, written as others may write it that leads to the same place.
        private static func normalised(_ uri: String) -> String {
            guard let parts = URLComponents(string: uri), let host = parts.host, let scheme = parts.scheme?.lowercased()
            else { return uri }
            let path = parts.path.split(separator: "/", omittingEmptySubsequences: false).reversed()
                .drop { $0.isEmpty }.reversed().joined(separator: "/")
            return "\(scheme)://\(host.lowercased()):\(parts.port ?? (scheme == "https" ? 443 : 80))\(path)"
        }
    }

    /// Positions of targets, in their order: those of one list take turns.
    let lists: [[Int]]

    init(_ places: [Place]) {
        var lists: [[Int]] = []
        for (number, place) in places.enumerated() {
            let isMet: ([Int]) -> Bool = { $0.contains { places[$0].isSame(as: place) } }
            let met = lists.filter(isMet)
            lists.removeAll(where: isMet)
            lists.append(met.flatMap(\.self).sorted() + [number])
        }
        self.lists = lists.sorted { $0[0] < $1[0] }
    }
}
