internal import ContentModel

extension FuzzedDecoder {
    /// JSON, and what is read from JSON that is well-formed.
    static let documents: [FuzzedDecoder] = [
        FuzzedDecoder("json", read: readJSON), FuzzedDecoder("filter", read: readFilter),
        FuzzedDecoder("jobs", read: readJobs), FuzzedDecoder("translations", read: readTranslations),
        FuzzedDecoder("asset", read: readAsset), FuzzedDecoder("folders", read: readFolders),
        FuzzedDecoder("pages", read: readPages), FuzzedDecoder("links", read: readLinks),
        FuzzedDecoder("fields", read: readFields), FuzzedDecoder("definitions", read: readDefinitions),
    ]

    /// One document a line, the first `most` of them.
    private static func lines(_ bytes: [UInt8], most: Int) throws -> [JSONDocument] {
        try bytes.split(separator: UInt8(ascii: "\n")).prefix(most).map { try JSONDocument(validating: $0) }
    }

    @Sendable private static func readJSON(_ bytes: [UInt8]) throws {
        let (document, hash) = try JSONDocument.intake(bytes)
        let again = try? JSONDocument.intake(document.bytes)
        try BrokenPromise.require(again?.document == document && again?.hash == hash, "a stored item is not taken back")
        let pretty = try? JSONDocument.intake(Array(document.prettyPrinted().utf8))
        try BrokenPromise.require(pretty?.hash == hash, "an item that is printed means something else")
        let members = document.members.map { ($0.key, $0.value) }
        let built = document.isObject ? JSONDocument.object(members) : document
        try BrokenPromise.require((try? JSONDocument.intake(built.bytes))?.hash == hash, "members make another item")
    }

    @Sendable private static func readFilter(_ bytes: [UInt8]) throws {
        let filter = try ContentFilter(text: String(decoding: bytes, as: UTF8.self))
        _ = filter.matches(try JSONDocument(validating: bytes))
        _ = filter.matches(try JSONDocument(validating: #"{"price":12,"tags":["a"],"t":"abc","n":5,"l":[1,2]}"#))
    }

    /// What jobs move can be said in jobs.
    @Sendable private static func readJobs(_ bytes: [UInt8]) throws {
        for (scope, _) in try Job.runs(try JobFile(try JSONDocument(validating: bytes)).jobs) {
            let jobs = Job.list(scope).map(\.document)
            let again = try? jobs.map { try Job($0).scope() }
            try BrokenPromise.require(again != nil, "a scope is said in jobs that are none: \(jobs.map(\.text))")
        }
    }

    /// What a file brings into a project can be written as a file.
    @Sendable private static func readTranslations(_ bytes: [UInt8]) throws {
        let file = try TranslationFile(try JSONDocument(validating: bytes))
        _ = TranslationProject(name: "shop", locales: ["en"]).adding(file.locales)
        for missingOnly in [true, false] {
            let intake = TranslationIntake(file.entries, into: [], missingOnly: missingOnly)
            let written = TranslationFile.bytes(of: intake.items)
            let again = try? TranslationFile(try JSONDocument(validating: written))
            try BrokenPromise.require(again?.entries.count == intake.items.count, "translations get lost in a file")
        }
    }

    /// The file of an asset lies below the folder for files, wherever its path says.
    @Sendable private static func readAsset(_ bytes: [UInt8]) throws {
        let asset = try JSONDocument(validating: bytes)
        let file = try AssetFile(asset)
        // As file systems read it, which know nothing of characters.
        let names = file.path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let isHidden = names.dropFirst().contains { $0.isEmpty || $0.first == UInt8(ascii: ".") }
        let isOdd = file.path.utf8.contains { $0 < 0x20 || $0 == UInt8(ascii: "\\") }
        try BrokenPromise.require(
            names.count > 1 && names[0].isEmpty && !isHidden && !isOdd, "an asset may lie at '\(file.path)'")
        try BrokenPromise.require(file.blob.size >= 0, "a file has \(file.blob.size) bytes")
        let facts = AssetFacts(path: file.path, name: file.path, head: bytes, blob: file.blob, md5: "")
        let replaced = try? JSONDocument(validating: facts.replacing(fileOf: asset, at: 0).bytes)
        try BrokenPromise.require(replaced != nil, "an asset with another file is no JSON")
        let holder = try JSONDocument(
            validating: JSONDocument.object([("_id", JSONDocument(string: "x")), ("image", asset)]).bytes)
        let changes = [ItemID(asset.string("_id") ?? ""): AssetChange(from: asset, to: replaced)]
        guard let updated = holder.updatingCopies(of: changes) else { return }
        let isJSON = (try? JSONDocument(validating: updated.bytes)) != nil
        try BrokenPromise.require(isJSON, "a copy of an asset is no JSON")
    }

    /// Folders of assets may name each other as parents in circles.
    @Sendable private static func readFolders(_ bytes: [UInt8]) throws {
        let items = try lines(bytes, most: 200)
        let tree = AssetFolderTree(items)
        for item in items {
            let path = tree.path(of: item.string("_id") ?? "")
            _ = try? tree.find(path)
            _ = try? tree.descend(AssetFolderTree.names(of: path))
        }
    }

    /// And so may pages.
    @Sendable private static func readPages(_ bytes: [UInt8]) throws {
        let nodes = try lines(bytes, most: 200).compactMap { PageNode($0) }
        let routes = PageRoutes(nodes)
        try BrokenPromise.require(routes.list.count + routes.leftOut <= nodes.count, "more routes than pages")
        try BrokenPromise.require(
            routes.list.allSatisfy { $0.path.utf8.count <= PageRoutes.longestPath }, "a route is too long")
    }

    @Sendable private static func readLinks(_ bytes: [UInt8]) throws {
        let item = try JSONDocument(validating: bytes)
        let kinds = [Kind.assets, .assetFolders, .pages, .menus, .pageSettings, .singletons, try .content("posts")]
        for kind in kinds {
            let links = item.links(of: kind)
            try BrokenPromise.require(Set(links).count == links.count, "a link is found twice")
        }
        var found: [[ItemLink]] = []
        _ = try bytes.withUnsafeBytes { text in
            try JSONDocument.intake(text) { reading in found = kinds.map { reading.linksToItems(of: $0) } }
        }
        try BrokenPromise.require(
            found == kinds.map { item.linksToItems(of: $0) }, "an arriving item has other links than a stored one")
    }

    /// Two or three versions of an item: what both sides were made of, the source's and the target's.
    @Sendable private static func readFields(_ bytes: [UInt8]) throws {
        let versions = try lines(bytes, most: 3)
        guard let base = versions.first, let source = versions.dropFirst().first, let target = versions.last else {
            return
        }
        let difference = FieldDifference(from: base, to: source, limit: 100)
        try BrokenPromise.require(
            difference.isEmpty || base.hash != source.hash, "fields differ in an item that is the same")
        for side in [FieldMerge.Side.source, .target] {
            let merge = FieldMerge(base: base, source: source, target: target, preferring: side)
            let isJSON = (try? JSONDocument(validating: merge.merged.bytes)) != nil
            try BrokenPromise.require(isJSON, "merged fields are no JSON")
        }
        let quiet = FieldMerge(base: base, source: base, target: target)
        try BrokenPromise.require(
            quiet.conflicts.isEmpty && quiet.merged == target, "a side that changed nothing changes something")
    }

    /// The definitions of a model before and after, and items.
    @Sendable private static func readDefinitions(_ bytes: [UInt8]) throws {
        let documents = try lines(bytes, most: 8)
        guard let old = documents.first, let new = documents.dropFirst().first else { return }
        let changes = SchemaChange.breaking(model: "posts", from: old, to: new)
        for item in documents.dropFirst(2) { _ = changes.affecting(item) }
    }
}
