import LuaKernel

/// Reads value frames that the kernel wrote.
///
/// The kernel is trusted to write them well; the preconditions hold by its construction.
struct FrameReader {
    private var bytes: UnsafeRawBufferPointer

    init(_ start: UnsafePointer<UInt8>?, _ length: Int) {
        bytes = UnsafeRawBufferPointer(start: start, count: length)
    }

    mutating func count() -> Int { Int(integer() as UInt32) }

    mutating func values(_ count: Int) -> [LuaValue] {
        (0..<count).map { _ in value() }
    }

    mutating func value() -> LuaValue {
        switch Int(integer() as UInt8) {
        case LK_TAG_NIL: .nil
        case LK_TAG_NULL: .null
        case LK_TAG_FALSE: .boolean(false)
        case LK_TAG_TRUE: .boolean(true)
        case LK_TAG_INTEGER: .integer(Int64(bitPattern: integer()))
        case LK_TAG_NUMBER: .number(Double(bitPattern: integer()))
        case LK_TAG_STRING: .string(Array(text()))
        case LK_TAG_SECRET: .secret(Array(text()))
        case LK_TAG_ARRAY: .array(values(count()))
        case LK_TAG_OBJECT: .object((0..<count()).map { _ in field() })
        case LK_TAG_FUNCTION: .function(LuaFunction(handle: Int64(bitPattern: integer())))
        case LK_TAG_DOCUMENT: .document(count())
        default: preconditionFailure("The kernel wrote a value frame with an unknown tag.")
        }
    }

    private mutating func field() -> LuaField {
        let name = String(decoding: text(), as: UTF8.self)
        return LuaField(name, value())
    }

    private mutating func text() -> UnsafeRawBufferPointer {
        let length = count()
        let text = UnsafeRawBufferPointer(rebasing: bytes.prefix(length))
        bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(length))
        return text
    }

    private mutating func integer<Integer: FixedWidthInteger & BitwiseCopyable>() -> Integer {
        let value = bytes.loadUnaligned(as: Integer.self)
        bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(MemoryLayout<Integer>.size))
        return Integer(littleEndian: value)
    }
}
