import CCurl
import Glibc

/// The address that libcurl is about to connect to, in numbers, such as `192.0.2.1` or `2001:db8::1`.
func numericAddress(_ address: UnsafeMutablePointer<curl_sockaddr>) -> String? {
    // The field has the size of the smallest address; libcurl allocates room for the largest and tells the real length.
    guard let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) else { return nil }
    let socketAddress = UnsafeRawPointer(address).advanced(by: offset).assumingMemoryBound(to: sockaddr.self)
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let status = getnameinfo(
        socketAddress, address.pointee.addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
    guard status == 0 else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// A socket for libcurl to connect. Programs started by this process do not inherit it.
func openSocket(for address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
    let target = address.pointee
    return socket(target.family, target.socktype | Int32(SOCK_CLOEXEC.rawValue), target.protocol)
}
