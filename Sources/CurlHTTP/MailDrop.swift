import Glibc

/// Writes mails into a folder instead of sending them, one file each.
enum MailDrop {
    /// Writes the whole file or none: under another name first, and renamed when it is on the disk.
    ///
    /// The folder is made if only its last part is missing. Only the owner may read what is written. Blocks the thread.
    static func write(_ bytes: [UInt8], named name: String, into folder: String) -> MailError? {
        guard !folder.isEmpty, !folder.utf8.contains(0) else {
            return MailError(.dropFailed, "The folder for mails has no path.")
        }
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { return failure("made", folder) }
        let temporary = "\(folder)/.\(name).part"
        if let problem = writeFile(bytes, temporary) ?? moved(temporary, to: "\(folder)/\(name)") {
            unlink(temporary)
            return MailError(.dropFailed, "The mail could not be written into \(folder): \(problem).")
        }
        return flushed(folder) ? nil : failure("written", folder)
    }

    /// `20261126T221403Z-` and the id, so that the files sort by time.
    static func name(_ stamp: MailStamp) -> String {
        let (days, time) = max(0, min(stamp.seconds, 253_402_300_799)).quotientAndRemainder(dividingBy: 86_400)
        let date = CivilDate(daysSince1970: Int(days))
        let parts = [date.month, date.day].map(twoDigits).joined()
        let clock = [time / 3_600, time / 60 % 60, time % 60].map { twoDigits(Int($0)) }.joined()
        return "\(date.year)\(parts)T\(clock)Z-\(stamp.id).eml"
    }

    private static func writeFile(_ bytes: [UInt8], _ path: String) -> String? {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return lastProblem }
        guard writeAll(bytes, descriptor), fsync(descriptor) == 0 else {
            let problem = lastProblem
            close(descriptor)
            return problem
        }
        return close(descriptor) == 0 ? nil : lastProblem
    }

    private static func writeAll(_ bytes: [UInt8], _ descriptor: Int32) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            offset += count
        }
        return true
    }

    private static func moved(_ path: String, to final: String) -> String? {
        rename(path, final) == 0 ? nil : lastProblem
    }

    /// The name of the file is on the disk only when its folder is.
    private static func flushed(_ folder: String) -> Bool {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }

    private static func failure(_ verb: String, _ folder: String) -> MailError {
        MailError(.dropFailed, "The folder for mails, \(folder), could not be \(verb): \(lastProblem).")
    }

    private static var lastProblem: String { String(cString: strerror(errno)).lowercased() }
}
