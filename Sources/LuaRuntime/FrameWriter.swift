import LuaKernel

/// Writes value frames, the flat form in which values reach the kernel.
struct FrameWriter {
    private(set) var bytes: [UInt8] = []

    mutating func append(count: Int) {
        append(UInt32(clamping: count))
    }

    mutating func append(text: some Collection<UInt8>) {
        append(count: text.count)
        bytes.append(contentsOf: text)
    }

    mutating func append(_ argument: LuaArgument) {
        switch argument {
        case .value(let value): append(value)
        case .documents: append(tag: LK_TAG_DOCUMENTS)
        case .document(let index): append(LuaValue.document(index))
        }
    }

    mutating func append(_ value: LuaValue) {
        switch value {
        case .nil: append(tag: LK_TAG_NIL)
        case .null: append(tag: LK_TAG_NULL)
        case .boolean(let boolean): append(tag: boolean ? LK_TAG_TRUE : LK_TAG_FALSE)
        case .integer(let integer):
            append(tag: LK_TAG_INTEGER)
            append(UInt64(bitPattern: integer))
        case .number(let number):
            append(tag: LK_TAG_NUMBER)
            append(number.bitPattern)
        case .string(let string):
            append(tag: LK_TAG_STRING)
            append(text: string)
        case .secret(let secret):
            append(tag: LK_TAG_SECRET)
            append(text: secret)
        case .array(let values):
            append(tag: LK_TAG_ARRAY)
            append(count: values.count)
            for value in values { append(value) }
        case .object(let fields): append(fields)
        case .function(let function):
            append(tag: LK_TAG_FUNCTION)
            append(UInt64(bitPattern: function.handle))
        case .document(let index):
            append(tag: LK_TAG_DOCUMENT)
            append(count: index)
        }
    }

    mutating func append(_ fields: [LuaField]) {
        append(tag: LK_TAG_OBJECT)
        append(count: fields.count)
        for field in fields {
            append(text: field.name.utf8)
            append(field.value)
        }
    }

    private mutating func append(tag: some BinaryInteger) {
        bytes.append(UInt8(truncatingIfNeeded: tag))
    }

    private mutating func append(_ integer: some FixedWidthInteger) {
        withUnsafeBytes(of: integer.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
