internal import Foundation
internal import Synchronization

/// Tells when something in a folder may have changed.
///
/// A class, because it owns a file descriptor of the kernel's. It may tell too much, and where the kernel cannot
/// watch (a network folder, no watches left) too little; whoever listens compares contents, and also looks by himself
/// now and then.
final class FolderWatch: Sendable {
    /// An element for every burst of changes.
    let changes: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation
    private let folder: String
    #if os(Linux)
        private let inotify: Inotify?
    #endif

    /// Without the notices of the kernel, somebody has to call `nudge`.
    init(_ folder: URL, usesNotices: Bool = true) {
        self.folder = folder.path
        let (changes, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.changes = changes
        self.signal = signal
        #if os(Linux)
            inotify = usesNotices ? Inotify { signal.yield() } : nil
        #endif
        refresh()
    }

    /// Says that somebody should look.
    func nudge() {
        signal.yield()
    }

    /// Watches the folders that are there now. To be called before reading them, so that no change falls in between.
    func refresh() {
        #if os(Linux)
            guard let inotify else { return }
            // The parent tells when the folder itself is made or replaced.
            inotify.watch(URL(fileURLWithPath: folder).deletingLastPathComponent().path, for: Inotify.entries)
            // A folder made between the look and the watch is found by the next look.
            var watched: Set<String> = []
            while case let new = Set(subfolders()).subtracting(watched), !new.isEmpty {
                for path in new { inotify.watch(path, for: Inotify.contents) }
                watched.formUnion(new)
            }
        #endif
    }

    func stop() {
        signal.finish()
        #if os(Linux)
            inotify?.close()
        #endif
    }

    private static let mostFolders = 1_000

    private func subfolders() -> [String] {
        var found = [folder]
        var position = 0
        while position < found.count, found.count < FolderWatch.mostFolders {
            let path = found[position]
            position += 1
            let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            found += names.filter { !$0.hasPrefix(".") }.map { path + "/" + $0 }.filter(FolderWatch.isFolder)
        }
        return found
    }

    private static func isFolder(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
    }
}
