#if os(Linux)
    internal import Dispatch
    internal import Glibc
    internal import Synchronization

    /// The kernel's notices about folders: https://man7.org/linux/man-pages/man7/inotify.7.html
    final class Inotify: Sendable {
        private let descriptor: Int32
        private let source: any DispatchSourceRead
        private let isClosed = Mutex(false)

        /// `nil` when the system has no watcher left to give.
        init?(_ report: @escaping @Sendable () -> Void) {
            let descriptor = inotify_init1(Int32(IN_NONBLOCK.rawValue) | Int32(IN_CLOEXEC.rawValue))
            guard descriptor >= 0 else { return nil }
            self.descriptor = descriptor
            source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global(qos: .utility))
            source.setEventHandler {
                Inotify.drain(descriptor)
                report()
            }
            source.setCancelHandler { Glibc.close(descriptor) }
            source.activate()
        }

        deinit {
            close()
        }

        /// Begins to watch a folder. Doing so again changes nothing; a folder that is not there is left out.
        func watch(_ path: String) {
            isClosed.withLock { isClosed in
                guard !isClosed else { return }
                _ = inotify_add_watch(descriptor, path, Inotify.events)
            }
        }

        func close() {
            let wasOpen = isClosed.withLock { isClosed in
                defer { isClosed = true }
                return !isClosed
            }
            if wasOpen { source.cancel() }
        }

        /// Writing is reported when the file is closed, not before: half a file is not worth a look.
        private static let events = UInt32(
            IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB
                | IN_ONLYDIR)

        /// What happened does not matter: the folder is read again as a whole.
        private static func drain(_ descriptor: Int32) {
            var buffer = [UInt8](repeating: 0, count: 16 << 10)
            while read(descriptor, &buffer, buffer.count) > 0 {}
        }
    }
#endif
