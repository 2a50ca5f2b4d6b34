import ContentModel
import Testing

/// Assets as values: names of files, folders, and the shape of items.
@Suite struct AssetTests {
    private static let png: [UInt8] =
        [0x89] + Array("PNG\r\n".utf8) + [0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8) + [0, 0, 1, 44, 0, 0, 0, 200]

    private func path(_ name: String, at seconds: Int64 = 1_795_421_578) -> String {
        AssetName.path(
            for: name, type: FileType(name: name, head: Self.png), at: seconds, mark: "0123456789abc")
    }

    @Test(
        arguments: [
            ("Königsallee.png", "konigsallee_uid_0123456789abc.png"),
            ("harbour_night 2.PNG", "harbour_night-2_uid_0123456789abc.png"),
            ("Straße am Ærø.png", "strasse-am-aero_uid_0123456789abc.png"),
            ("Cafe\u{301}.png", "cafe_uid_0123456789abc.png"), ("東京.png", "file_uid_0123456789abc.png"),
            ("no ending", "no-ending_uid_0123456789abc.png"), ("x.php.jpg", "x-php_uid_0123456789abc.jpg"),
            (".png", "file_uid_0123456789abc.png"), ("../../a.png", "a_uid_0123456789abc.png"),
            ("a.", "a_uid_0123456789abc.png"),
        ])
    func filesAreNamedAsCockpitNamesThem(name: String, file: String) {
        #expect(path(name) == "/2026/11/23/" + file)
        #expect(AssetFile.problem(with: path(name)) == nil)
    }

    /// To Swift a dot or a slash with an accent is another character; to file systems it is not.
    @Test(
        arguments: [
            "/a/.\u{301}htaccess", "/.\u{301}/a.png", "/a//\u{301}.png", "/a/.a.png", "/a//b.png", "/a/../b.png",
            "a.png",
            "\u{301}/a.png", "/\u{301}/", "/a.\u{301}.php",
        ])
    func pathsAreJudgedAsFileSystemsReadThem(path: String) {
        #expect(AssetFile.problem(with: path) != nil)
    }

    @Test func accentsInNamesAreNoReasonToRefuseThem() {
        #expect(AssetFile.problem(with: "/Cafe\u{301}/\u{301}a.png") == nil)
    }

    @Test(
        arguments: [
            (0, "/1970/01/01/"), (951_782_399, "/2000/02/28/"), (951_782_400, "/2000/02/29/"),
            (4_107_542_399, "/2100/02/28/"), (4_107_542_400, "/2100/03/01/"),
        ])
    func foldersAreDaysInUTC(seconds: Int64, folder: String) {
        #expect(path("a.png", at: seconds).hasPrefix(folder))
    }

    @Test func namesAreBounded() {
        let name = String(repeating: "ä", count: 5_000) + "." + String(repeating: "p", count: 5_000)
        #expect(AssetFile.problem(with: path(name)) == nil)
    }

    @Test func titlesAreNamesWithoutTheirEndings() {
        #expect(AssetName.title(of: "harbour_night.jpg") == "harbour night")
        #expect(AssetName.title(of: "README") == "README")
        #expect(AssetName.title(of: ".png") == ".png")
    }

    private func facts(_ name: String, hash: UInt8) -> AssetFacts {
        let blob = Blob(hash: ContentHash(bytes: [UInt8](repeating: hash, count: 32)), size: Int64(Self.png.count))
        return AssetFacts(
            path: path(name), name: name, head: Self.png, blob: blob, md5: "d41d8cd98f00b204e9800998ecf8427e")
    }

    @Test func newAssetsHaveCockpitsShape() throws {
        let asset = facts("a.png", hash: 1).asset(id: "a1", title: "A", folder: "f1", at: 7)
        #expect(
            asset.keys == [
                "path", "title", "mime", "type", "description", "tags", "size", "colors", "width", "height", "_hash",
                "_created", "_modified", "_cby", "altText", "folder", "_id", "_sha256",
            ])
        #expect(asset.string("mime") == "image/png" && asset.string("type") == "image")
        #expect(asset.integer("width") == 300 && asset.integer("height") == 200)
        #expect(try AssetFile(asset).blob.size == Int64(Self.png.count))
    }

    @Test func aNewFileKeepsWhatPeopleWrote() throws {
        let old = try JSONDocument(
            validating:
                #"{"thumbhash":"1-2","title":"T","path":"/x","colors":["red"],"copyright":1.0,"_created":1,"_id":"a1"}"#
        )
        let new = facts("b.png", hash: 2).replacing(fileOf: old, at: 9)
        #expect(new.string("title") == "T" && new.string("_id") == "a1" && new.integer("_created") == 1)
        #expect(new.member("copyright")?.text == "1.0")
        #expect(new.member("thumbhash") == nil && new.member("colors") == .null)
        #expect(new.integer("_modified") == 9 && new.string("path") == path("b.png"))
        #expect(try AssetFile(new).blob.hash.hex.hasPrefix("0202"))
    }

    // MARK: Folders

    private func tree(_ items: String...) throws -> AssetFolderTree {
        AssetFolderTree(try items.map { try JSONDocument(validating: $0) })
    }

    @Test func foldersAreFoundByIdAndByPath() throws {
        let tree = try tree(#"{"_id":"1","name":"Photos","_p":""}"#, #"{"_id":"2","name":"2026","_p":"1"}"#)
        #expect(try tree.find("2").name == "2026")
        #expect(try tree.find("/Photos/2026/").id == "2")
        #expect(tree.path(of: "2") == "Photos/2026")
        #expect(tree.sorted.map(\.path) == ["Photos", "Photos/2026"])
        #expect(try tree.descend(["Photos", "2027", "May"]).missing == ["2027", "May"])
        #expect(try tree.descend(["Photos", "2027"]).folder == "1")
        for name in ["2026", "Photos/2027", "", "/"] {
            let error = #expect(throws: TidelockError.self) { try tree.find(name) }
            #expect(error?.code == .unknownItem, "\(name)")
            #expect(error?.hint == "'tidelock asset folders' lists them.", "\(name)")
        }
    }

    @Test func twoFoldersOfOneNameMustBeNamedById() throws {
        let tree = try tree(#"{"_id":"1","name":"A","_p":""}"#, #"{"_id":"2","name":"A","_p":""}"#)
        let error = #expect(throws: TidelockError.self) { try tree.find("A") }
        #expect(error?.code == .usage && error?.hint?.contains("1, 2") == true)
        #expect(try tree.find("1").id == "1")
    }

    @Test func foldersInsideOneAnotherHaveAnEnd() throws {
        let tree = try tree(#"{"_id":"1","name":"A","_p":"2"}"#, #"{"_id":"2","name":"B","_p":"1"}"#)
        #expect(tree.path(of: "1").split(separator: "/").count == AssetFolderTree.depth)
    }

    // MARK: Copies

    private static let change: [ItemID: AssetChange] = [
        "a1": AssetChange(
            from: asset(#"{"_id":"a1","path":"/old","mime":"x","thumbhash":"t"}"#),
            to: asset(#"{"path":"/new","mime":"y","_sha256":"s","_id":"a1"}"#))
    ]

    private static func asset(_ text: String) -> JSONDocument {
        guard let document = try? JSONDocument(validating: text) else { preconditionFailure("JSON: \(text)") }
        return document
    }

    private func updated(_ text: String, _ change: [ItemID: AssetChange] = change) throws -> String? {
        try JSONDocument(validating: text).updatingCopies(of: change)?.text
    }

    @Test func copiesTakeTheNewAssetAndKeepWhatIsTheirs() throws {
        let copy = #"{"_id":"a1","path":"\/old","mime":"x","thumbhash":"t","_data":{"alt":"\u00e9"}}"#
        let new = #"{"path":"/new","mime":"y","_sha256":"s","_id":"a1","_data":{"alt":"\u00e9"}}"#
        #expect(
            try updated(#"{"_id":"p","n":1.0,"hero":\#(copy),"list":[{"x":\#(copy)},2e3],"z":"\/"}"#)
                == #"{"_id":"p","n":1.0,"hero":\#(new),"list":[{"x":\#(new)},2e3],"z":"\/"}"#)
    }

    @Test func copiesOfWhatIsGoneBecomeNull() throws {
        let gone = Self.change.mapValues { AssetChange(from: $0.old, to: nil) }
        #expect(
            try updated(
                #"{"_id":"p","a":{"_id":"a1","path":"/o","mime":"x"},"b":[{"_id":"a1","path":"/o","mime":"x"}]}"#, gone)
                == #"{"_id":"p","a":null,"b":[null]}"#)
    }

    @Test func copiesFollowOnlyTheAssetOfTheirVeryId() throws {
        let ids = ["\u{e9}", "e\u{301}"]
        func asset(_ id: String, _ path: String) -> JSONDocument {
            Self.asset(#"{"_id":"\#(id)","path":"\#(path)","mime":"x"}"#)
        }
        let (first, second) = (asset(ids[0], "/first"), asset(ids[1], "/second"))
        var changes = [ItemID(ids[0]): AssetChange(from: first, to: asset(ids[0], "/new"))]
        let item = "{\"a\":\(first.text),\"b\":\(second.text)}"
        #expect(try updated(item, changes) == "{\"a\":\(asset(ids[0], "/new").text),\"b\":\(second.text)}")
        changes[ItemID(ids[1])] = AssetChange(from: second, to: nil)
        #expect(try updated(item, changes) == "{\"a\":\(asset(ids[0], "/new").text),\"b\":null}")
    }

    @Test func foldersWhoseIdsOnlyLookAlikeAreTwo() throws {
        let tree = try tree(
            #"{"_id":"\u00e9","name":"A","_p":""}"#, #"{"_id":"e\u0301","name":"B","_p":""}"#,
            #"{"_id":"1","name":"C","_p":"\u00e9"}"#, #"{"_id":"2","name":"D","_p":"e\u0301"}"#)
        #expect(["1", "2"].map(tree.path) == ["A/C", "B/D"])
        #expect(try tree.find("B/D").id == "2")
        #expect(tree.sorted.count == 4)
    }

    @Test(
        arguments: [
            #"{"_id":"a1","path":"/old","mime":"x"}"#, #"{"a":{"_id":"a1","_model":"posts"}}"#, #"{"a":"a1"}"#,
            #"{"a":{"_id":"a2","path":"/old","mime":"x"}}"#, #"{"a":{"_id":"a1","path":null,"mime":"x"}}"#, "{}",
            #"{"a":{"path":"/new","mime":"y","_sha256":"s","_id":"a1"}}"#,
        ])
    func everythingElseStays(text: String) throws {
        #expect(try updated(text) == nil)
    }
}
