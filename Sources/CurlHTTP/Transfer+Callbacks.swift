import CCurl

/// The functions that libcurl calls. Each unwraps its arguments and forwards to the transfer, nothing more.
///
/// Invariant of the unmanaged reference they receive: libcurl calls back only from within calls that the transfer loop
/// makes, and the loop keeps every transfer alive until its handle was taken out of the multi handle.
extension Transfer {
    func installCallbacks(on handle: EasyHandle) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        installReceiving(on: handle, context)
        installSending(on: handle, context)
        installConnecting(on: handle, context)
    }

    private func installReceiving(on handle: EasyHandle, _ context: UnsafeMutableRawPointer) {
        handle.set(CURLOPT_WRITEDATA, context)
        handle.note(
            ccurl_easy_set_write_callback(handle.pointer, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
                let part = UnsafeRawBufferPointer(start: bytes, count: size * count)
                return Transfer.from(context).receive(bodyPart: part) ? part.count : Int(CURL_WRITEFUNC_ERROR)
            })
        handle.set(CURLOPT_HEADERDATA, context)
        handle.note(
            ccurl_easy_set_write_callback(handle.pointer, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
                let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
                return Transfer.from(context).receive(headerLine: line) ? line.count : Int(CURL_WRITEFUNC_ERROR)
            })
    }

    private func installSending(on handle: EasyHandle, _ context: UnsafeMutableRawPointer) {
        handle.set(CURLOPT_READDATA, context)
        handle.note(
            ccurl_easy_set_read_callback(handle.pointer) { bytes, size, count, context in
                Transfer.from(context).fill(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
            })
        handle.set(CURLOPT_SEEKDATA, context)
        handle.note(
            ccurl_easy_set_seek_callback(handle.pointer) { context, offset, origin in
                guard origin == 0 else { return CURL_SEEKFUNC_CANTSEEK }  // 0 is SEEK_SET, the only one libcurl uses
                return Transfer.from(context).rewindBody(to: Int(offset)) ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL
            })
        handle.set(CURLOPT_NOPROGRESS, false)
        handle.set(CURLOPT_XFERINFODATA, context)
        handle.note(
            ccurl_easy_set_progress_callback(handle.pointer) { context, _, received, _, sent in
                Transfer.from(context).progressed(to: Int(received + sent))
                return 0
            })
    }

    private func installConnecting(on handle: EasyHandle, _ context: UnsafeMutableRawPointer) {
        handle.set(CURLOPT_OPENSOCKETDATA, context)
        handle.note(
            ccurl_easy_set_socket_callback(handle.pointer) { context, _, address in
                guard let address, let text = numericAddress(address), Transfer.from(context).mayConnect(to: text)
                else {
                    return CURL_SOCKET_BAD
                }
                return openSocket(for: address)
            })
        handle.set(CURLOPT_PREREQDATA, context)
        handle.note(
            ccurl_easy_set_prerequest_callback(handle.pointer) { context, _, _, _, _ in
                Transfer.from(context).willWriteRequest() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
            })
    }

    /// The transfer behind a callback's context pointer.
    private static func from(_ context: UnsafeMutableRawPointer?) -> Transfer {
        // Every callback above is installed together with its context, so libcurl never passes nil.
        Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue()
    }
}
