import LuaKernel

/// The documents of a call, one after the other, as the kernel wants them.
///
/// Kept from call to call, because fresh memory costs more than copying into old.
struct DocumentBuffer {
    private var bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var offsets: [Int] = [0]

    /// Larger ones are not kept.
    private static let kept = 32 << 20

    var start: UnsafePointer<UInt8>? {
        bytes.baseAddress.map { UnsafeRawPointer($0).assumingMemoryBound(to: UInt8.self) }
    }

    /// False when memory ran out.
    mutating func fill(with documents: ArraySlice<[UInt8]>) -> Bool {
        offsets.removeAll(keepingCapacity: true)
        offsets.reserveCapacity(documents.count + 1)
        var end = 0
        offsets.append(end)
        for document in documents {
            end += document.count
            offsets.append(end)
        }
        guard reserve(end + Int(LK_PADDING)) else { return false }
        guard var target = bytes.baseAddress else { return false }
        for document in documents {
            document.withUnsafeBytes { source in
                guard let start = source.baseAddress else { return }
                target.copyMemory(from: start, byteCount: source.count)
                target += source.count
            }
        }
        return true
    }

    func withOffsets<Output>(_ body: (UnsafeBufferPointer<Int>) -> Output) -> Output {
        offsets.withUnsafeBufferPointer(body)
    }

    mutating func release() {
        bytes.deallocate()
        bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    private mutating func reserve(_ count: Int) -> Bool {
        if count <= bytes.count && (bytes.count <= Self.kept || count > Self.kept) { return true }
        release()
        bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count + count / 4, alignment: 16)
        return true
    }
}

/// The flat parts of one invocation.
struct InvocationFrames {
    private var arguments = FrameWriter()
    private var fields = FrameWriter()
    private var marks = FrameWriter()
    private let argumentCount: Int
    let markNames: [String]
    private let hasContext: Bool
    private let areValid: Bool
    private let key: [UInt8]?

    init(_ invocation: LuaInvocation) {
        for argument in invocation.arguments { arguments.append(argument) }
        argumentCount = invocation.arguments.count
        hasContext = invocation.context != nil
        areValid = invocation.documentsAreValid
        key = invocation.key.map { Array($0.utf8) }
        markNames = invocation.context?.marks ?? []
        guard let context = invocation.context else { return }
        fields.append(context.fields)
        for mark in markNames { marks.append(text: mark.utf8) }
    }

    func withKernelInvocation<Output>(
        of function: LuaFunction, _ documents: DocumentBuffer, _ body: (UnsafePointer<lk_invocation>) -> Output
    ) -> Output {
        var invocation = lk_invocation()
        invocation.function = function.handle
        invocation.are_valid = areValid ? 1 : 0
        invocation.argument_count = UInt32(argumentCount)
        invocation.has_context = hasContext ? 1 : 0
        invocation.mark_name_count = UInt32(markNames.count)
        invocation.key_length = key?.count ?? 0
        return arguments.bytes.withUnsafeBufferPointer { arguments in
            invocation.arguments = arguments.baseAddress
            invocation.arguments_length = arguments.count
            return fields.bytes.withUnsafeBufferPointer { fields in
                invocation.fields = fields.baseAddress
                invocation.fields_length = fields.count
                return marks.bytes.withUnsafeBufferPointer { marks in
                    invocation.mark_names = marks.baseAddress
                    invocation.mark_names_length = marks.count
                    return (key ?? []).withUnsafeBufferPointer { name in
                        invocation.key = key == nil ? nil : name.baseAddress
                        return documents.withOffsets { offsets in
                            invocation.documents = documents.start
                            invocation.document_count = offsets.count - 1
                            invocation.offsets = offsets.baseAddress
                            return body(&invocation)
                        }
                    }
                }
            }
        }
    }
}
