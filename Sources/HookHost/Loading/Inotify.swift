#if os(Linux)
    internal import Dispatch
    internal import Glibc
    internal import Synchronization

    /// The kernel's notices about folders: https://man7.org/linux/man-pages/man7/inotify.7.html
    final class Inotify: Sendable {
        private let descriptor: Int32
        /// What reads the descriptor and closes it in the end; `nil` once closed.
        private let source = Mutex<(any DispatchSourceRead)?>(nil)

        /// `nil` when the system has no watcher left to give.
        init?(_ report: @escaping @Sendable () -> Void) {
            let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
            guard descriptor >= 0 else { return nil }
            self.descriptor = descriptor
            source.withLock { source in
                let made = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global(qos: .utility))
                made.setEventHandler {
                    Inotify.drain(descriptor)
                    report()
                }
                made.setCancelHandler { _ = Glibc.close(descriptor) }
                made.activate()
                source = made
            }
        }

        deinit {
            close()
        }

        /// Begins to watch a folder. Doing so again changes nothing; a folder that is not there is left out.
        func watch(_ path: String, for events: [Int32]) {
            source.withLock { source in
                guard source != nil else { return }
                _ = inotify_add_watch(descriptor, path, events.reduce(UInt32(IN_ONLYDIR)) { $0 | UInt32($1) })
            }
        }

        func close() {
            source.withLock { source in
                source?.cancel()
                source = nil
            }
        }

        /// Something in the folder appeared, vanished or was renamed.
        static let entries = [IN_CREATE, IN_MOVED_FROM, IN_MOVED_TO, IN_DELETE, IN_DELETE_SELF, IN_MOVE_SELF]
        /// Also what was written, once the file is closed: half a file is not worth a look.
        static let contents = entries + [IN_CLOSE_WRITE, IN_ATTRIB]

        /// What happened does not matter: the folder is read again as a whole.
        private static func drain(_ descriptor: Int32) {
            var buffer = [UInt8](repeating: 0, count: 16 << 10)
            while read(descriptor, &buffer, buffer.count) > 0 {}
        }
    }
#endif
