import TidelockTestSupport

/// A file system in memory that only one program and its children see, in the place of a folder that exists. It goes
/// when they end, however that is.
struct PrivateMount {
    var folder: String
    /// Options of `mount` for `tmpfs`.
    var options: String

    /// Whether this user may make one on this machine.
    static let isPermitted = (try? Program.run(isolated + ["mount", "-t", "tmpfs", "tmpfs", "/mnt"])) != nil

    private static let isolated = ["/usr/bin/unshare", "--map-root-user", "--mount"]

    /// Words that a program's own follow.
    var words: [String] {
        let script = "mount -t tmpfs -o \"$1\" tmpfs \"$2\" && shift 2 && exec \"$@\""
        return Self.isolated + ["/bin/sh", "-c", script, "sh", options, folder]
    }
}
