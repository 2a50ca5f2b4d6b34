internal import ContentModel
internal import Foundation

/// Small values kept as JSON text in a column.
enum JSONColumns {
    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw TidelockError(.damagedStore, "A stored \(type) cannot be read.", underlying: error)
        }
    }
}
