import CCurl

/// One libcurl easy handle with what libcurl keeps pointers to: the text of its last error and a list of header lines or
/// recipients.
///
/// Not thread-safe; the transfer thread makes it, uses it and frees it with the last reference.
final class EasyHandle {
    let pointer: UnsafeMutableRawPointer

    /// The first option that could not be set, if any. Checked once, after all of them.
    private(set) var firstRefusal = CURLE_OK

    private let errorText: UnsafeMutablePointer<CChar>
    private var list: UnsafeMutablePointer<curl_slist>?

    /// `nil` when there is no memory for one.
    init?() {
        guard CurlLibrary.isReady, let pointer = curl_easy_init() else { return nil }
        self.pointer = pointer
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        note(ccurl_easy_set_pointer(pointer, CURLOPT_ERRORBUFFER, errorText))
    }

    deinit {
        curl_easy_cleanup(pointer)
        curl_slist_free_all(list)
        errorText.deallocate()
    }

    /// libcurl's sentence about the last failure; empty if it has none.
    var errorDescription: String { String(cString: errorText) }

    func note(_ code: CURLcode) {
        if firstRefusal == CURLE_OK { firstRefusal = code }
    }
}

// MARK: - Options

extension EasyHandle {
    func set(_ option: CURLoption, _ value: Int) {
        note(ccurl_easy_set_long(pointer, option, value))
    }

    func set(_ option: CURLoption, _ value: Bool) {
        set(option, value ? 1 : 0)
    }

    func set(_ option: CURLoption, offset value: Int) {
        note(ccurl_easy_set_offset(pointer, option, curl_off_t(value)))
    }

    func set(_ option: CURLoption, _ value: String) {
        note(ccurl_easy_set_string(pointer, option, value))
    }

    /// Sets a string option back to "none", which is not the same as leaving libcurl's default.
    func unset(_ option: CURLoption) {
        note(ccurl_easy_set_string(pointer, option, nil))
    }

    func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer) {
        note(ccurl_easy_set_pointer(pointer, option, value))
    }

    /// Copies `bytes` into the handle as the request's body. `CURLOPT_POSTFIELDSIZE_LARGE` must be set before.
    func copyBody(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            // libcurl takes a null pointer as "no body", also when the size is 0.
            let start = buffer.baseAddress ?? UnsafeRawPointer(errorText)
            note(ccurl_easy_set_pointer(pointer, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: start)))
        }
    }

    /// Sets the header lines in libcurl's notation: `Name: value`, `Name;` for an empty value, `Name:` for "do not send".
    func setHeaderLines(_ lines: [String]) {
        setList(CURLOPT_HTTPHEADER, lines)
    }

    /// Sets an option that takes a list. A handle has room for one list, so this is called once.
    func setList(_ option: CURLoption, _ elements: [String]) {
        precondition(list == nil, "a handle keeps one list")
        for element in elements {
            guard let longer = curl_slist_append(list, element) else { return note(CURLE_OUT_OF_MEMORY) }
            list = longer
        }
        note(ccurl_easy_set_list(pointer, option, list))
    }
}

// MARK: - Facts

extension EasyHandle {
    func number(_ info: CURLINFO) -> Int {
        var value = 0
        return ccurl_easy_get_long(pointer, info, &value) == CURLE_OK ? value : 0
    }

    func offset(_ info: CURLINFO) -> Int {
        var value: curl_off_t = 0
        return ccurl_easy_get_offset(pointer, info, &value) == CURLE_OK ? Int(value) : 0
    }

    func text(_ info: CURLINFO) -> String {
        var value: UnsafePointer<CChar>?
        guard ccurl_easy_get_string(pointer, info, &value) == CURLE_OK, let value else { return "" }
        return String(cString: value)
    }

    /// What the server showed of itself: for each certificate, its own first, lines of `name:value`. Empty without
    /// `CURLOPT_CERTINFO`.
    var certificates: [[String]] {
        var chain: UnsafeMutablePointer<curl_certinfo>?
        guard ccurl_easy_get_certificates(pointer, &chain) == CURLE_OK, let chain = chain?.pointee,
            let lists = chain.certinfo
        else { return [] }
        return (0..<Int(chain.num_of_certs)).map { texts(in: lists[$0]) }
    }

    private func texts(in list: UnsafeMutablePointer<curl_slist>?) -> [String] {
        sequence(first: list) { $0?.pointee.next }.prefix { $0 != nil }.compactMap { $0?.pointee.data }
            .map { String(cString: $0) }
    }
}

/// libcurl's process-wide state.
enum CurlLibrary {
    /// Initialises libcurl on first use. Swift runs this once, whichever threads ask.
    static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
}
