internal import ContentModel
internal import Foundation
internal import GRDB

extension Row {
    /// The blob of a column as bytes, copied once; nil for NULL.
    func bytes(_ column: Int) -> [UInt8]? {
        // Reading a column as data fails only for values of other types, which STRICT tables do not hold.
        (try? withUnsafeData(atIndex: column) { $0?.withUnsafeBytes { [UInt8]($0) } }) ?? nil
    }

    func hash(_ column: Int) -> ContentHash? {
        (try? withUnsafeData(atIndex: column) { $0?.withUnsafeBytes { ContentHash(bytes: $0) } }) ?? nil
    }

    func bucket(_ column: Int) -> Bucket { Bucket(number: UInt16(self[column] as Int)) }

    /// Where an item is: `kid`, `bucket` and `id` from that column on.
    func place(_ column: Int = 0) -> Place {
        Place(kid: self[column], bucket: bucket(column + 1), id: self[column + 2])
    }
}

extension ContentHash {
    var data: Data { Data(bytes) }
}

extension Digest {
    var data: Data { Data(bytes) }
}

extension [UInt8] {
    var data: Data { Data(self) }
}

extension JSONDocument {
    var data: Data { Data(bytes) }
}
