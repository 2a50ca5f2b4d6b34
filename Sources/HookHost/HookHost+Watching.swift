extension HookHost {
    /// Reloads whenever the folder changes, until the task is cancelled.
    ///
    /// For a process that serves. A broken folder never replaces the generation that works; it shows in the status.
    public func run() async {
        let watch = FolderWatch(folder, usesNotices: configuration.usesNotices)
        defer { watch.stop() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [configuration] in
                while (try? await Task.sleep(for: configuration.pollInterval)) != nil { watch.nudge() }
            }
            // What changed between `start` and now.
            watch.nudge()
            for await _ in watch.changes {
                guard (try? await Task.sleep(for: configuration.debounce)) != nil else { break }
                watch.refresh()
                await reloadIfChanged()
            }
            group.cancelAll()
        }
    }
}
