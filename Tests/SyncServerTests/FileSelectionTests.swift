import Testing

@testable import SyncServer

/// Mostly the examples and rules of RFC 9110, sections 8.8, 13 and 14.
@Suite("Which bytes of a file a request asks for")
struct FileSelectionTests {
    /// Ten thousand bytes, as in the examples of section 14.
    private let file = FileFacts(size: 10_000, tag: "abc", modified: 784_111_777)
    private let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    private let dayBefore = "Sat, 05 Nov 1994 08:49:37 GMT"
    private let dayAfter = "Mon, 07 Nov 1994 08:49:37 GMT"

    private func selection(_ edit: (inout FileConditions) -> Void) -> FileSelection {
        var conditions = FileConditions()
        edit(&conditions)
        return conditions.selection(of: file)
    }

    // MARK: Ranges

    @Test(arguments: [
        ("bytes=0-499", 0...499), ("bytes=500-999", 500...999), ("bytes=-500", 9_500...9_999),
        ("bytes=9500-", 9_500...9_999), ("bytes=0-0", 0...0), ("bytes=-1", 9_999...9_999),
        ("bytes=0-", 0...9_999), ("bytes=9999-9999", 9_999...9_999),
        // Behind the end, as far as that goes.
        ("bytes=9999-20000", 9_999...9_999), ("bytes=0-99999999999999999999999", 0...9_999),
        ("bytes=-10000", 0...9_999), ("bytes=-20000", 0...9_999), ("bytes=-99999999999999999999999", 0...9_999),
        // Spellings.
        ("Bytes=0-499", 0...499), ("bytes= 0-499", 0...499), ("bytes=,0-499, ,", 0...499), ("bytes=007-0010", 7...10),
    ])
    func oneRangeIsAPart(field: String, part: ClosedRange<Int64>) {
        #expect(selection { $0.range = field } == .part(part))
    }

    @Test(arguments: ["bytes=10000-", "bytes=10000-10001", "bytes=99999999999999999999999-", "bytes=-0", "bytes=-000"])
    func whatLiesBehindTheEndCannotBeHad(field: String) {
        #expect(selection { $0.range = field } == .unsatisfiable)
    }

    @Test(arguments: [
        // Several.
        "bytes=0-0,-1", "bytes=500-600,601-999", "bytes=20000-,0-1",
        // Other units.
        "lines=1-2", "none=0-1", "=0-1", "bytes", "0-499", "",
        // Not ranges.
        "bytes=", "bytes=-", "bytes=5", "bytes=a-b", "bytes=1-b", "bytes=-b", "bytes=+1-2", "bytes=1--2", "bytes=1-2-3",
        "bytes=0x1-2", "bytes=1 -2", "bytes=1-2;3", "bytes=١-٢", "bytes==1-2", " bytes=1-2",
        // The first byte is behind the last one.
        "bytes=500-499", "bytes=99999999999999999999999-1",
    ])
    func everythingElseIsTheWholeFile(field: String) {
        #expect(selection { $0.range = field } == .whole)
    }

    @Test func nothingCanBeHadOfAnEmptyFileButTheWhole() {
        let empty = FileFacts(size: 0, tag: "e")
        #expect(FileConditions(range: "bytes=0-").selection(of: empty) == .unsatisfiable)
        #expect(FileConditions(range: "bytes=0-0").selection(of: empty) == .unsatisfiable)
        #expect(FileConditions(range: "bytes=-0").selection(of: empty) == .unsatisfiable)
        #expect(FileConditions(range: "bytes=-1").selection(of: empty) == .whole)
        #expect(FileConditions().selection(of: empty) == .whole)
    }

    // MARK: Entity tags

    @Test(arguments: [
        #""abc""#, #"W/"abc""#, #""xyz", "abc""#, #""x,y", "abc""#, #" "xyz" ,, W/"abc" "#, "*", #""abc""xyz""#,
    ])
    func aTagThatIsKnownIsNotSentAgain(field: String) {
        #expect(selection { $0.ifNoneMatch = field } == .notModified)
        #expect(
            selection {
                $0.ifNoneMatch = field
                $0.range = "bytes=0-1"
            } == .notModified)
    }

    @Test(arguments: [#""xyz""#, "abc", #""ABC""#, #""abc"#, #"w/"abc""#, #""""#, "", #"xyz, "abc""#, #""xyz" abc"#])
    func otherTagsAreSentTheFile(field: String) {
        #expect(selection { $0.ifNoneMatch = field } == .whole)
    }

    @Test(arguments: [(#""abc""#, true), (#""x", "abc""#, true), ("*", true), (#"W/"abc""#, false), (#""xyz""#, false)])
    func whoeverWantsTheseBytesOnlyGetsNoOthers(field: String, isThere: Bool) {
        #expect(selection { $0.ifMatch = field } == (isThere ? .whole : .failedCondition))
    }

    // MARK: Dates

    @Test func whatDidNotChangeSinceIsNotSentAgain() {
        #expect(selection { $0.ifModifiedSince = date } == .notModified)
        #expect(selection { $0.ifModifiedSince = dayAfter } == .notModified)
        #expect(selection { $0.ifModifiedSince = dayBefore } == .whole)
        #expect(selection { $0.ifModifiedSince = "yesterday" } == .whole)
        #expect(selection { $0.ifUnmodifiedSince = date } == .whole)
        #expect(selection { $0.ifUnmodifiedSince = dayAfter } == .whole)
        #expect(selection { $0.ifUnmodifiedSince = dayBefore } == .failedCondition)
        #expect(selection { $0.ifUnmodifiedSince = "yesterday" } == .whole)
    }

    @Test func aFileWithoutADateHasChangedForAllWeKnow() {
        let undated = FileFacts(size: 1, tag: "abc")
        #expect(FileConditions(ifModifiedSince: dayAfter).selection(of: undated) == .whole)
        #expect(FileConditions(ifUnmodifiedSince: dayBefore).selection(of: undated) == .whole)
    }

    @Test func tagsCountMoreThanDates() {
        #expect(
            selection {
                $0.ifNoneMatch = #""xyz""#
                $0.ifModifiedSince = dayAfter
            } == .whole)
        #expect(
            selection {
                $0.ifMatch = #""abc""#
                $0.ifUnmodifiedSince = dayBefore
            } == .whole)
        #expect(
            selection {
                $0.ifMatch = #""xyz""#
                $0.ifNoneMatch = #""abc""#
            } == .failedCondition)
    }

    // MARK: A range with a condition

    @Test(arguments: [
        (#""abc""#, true), (#"W/"abc""#, false), (#""xyz""#, false), ("*", false), (#""abc", "xyz""#, false),
        ("Sun, 06 Nov 1994 08:49:37 GMT", false), ("", false),
    ])
    func aPartOfOtherBytesIsNotGlued(field: String, isPart: Bool) {
        #expect(
            selection {
                $0.ifRange = field
                $0.range = "bytes=0-1"
            } == (isPart ? .part(0...1) : .whole))
        #expect(selection { $0.ifRange = field } == .whole)
    }
}

@Suite("Dates in header fields")
struct HTTPDateTests {
    @Test(
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] as [(Int64, String)])
    func readsWhatItWrites(seconds: Int64, text: String) {
        #expect(HTTPDate.text(seconds) == text)
        #expect(HTTPDate.seconds(text) == seconds)
    }

    @Test func whatHasNoSpellingIsCutOff() {
        #expect(HTTPDate.text(-1) == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(HTTPDate.text(.max) == "Fri, 31 Dec 9999 23:59:59 GMT")
    }

    @Test(arguments: [
        "", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Mon, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT and more", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
        "sun, 06 nov 1994 08:49:37 gmt", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "784111777",
    ])
    func otherSpellingsAreNoDates(text: String) {
        #expect(HTTPDate.seconds(text) == nil)
    }
}

@Suite("The types under which files go out")
struct ServedTypeTests {
    @Test(arguments: [
        "image/png", "image/jpeg", "image/x-icon", "audio/ogg", "video/mp4", "font/woff2", "application/pdf",
        "application/json", "application/zip", "text/plain", "text/csv", "application/vnd.ms-excel",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ])
    func harmlessOnesAreNamed(type: String) {
        #expect(ServedType(type) == ServedType(type.uppercased()))
        #expect(ServedType(type).mediaType == type && !ServedType(type).isCaged)
    }

    @Test(arguments: [
        "text/html", "TEXT/HTML", "text/html; charset=utf-8", "text/html;", " text/html", "application/xhtml+xml",
        "application/xml", "text/xml", "image/foo+xml", "application/vnd.mozilla.xul+xml", "application/rss+xml",
        "application/vnd.openxmlformats-package.relationships+xml", "text/javascript", "application/javascript",
        "application/x-shockwave-flash", "text/css", "text/x-anything", "multipart/mixed", "message/rfc822",
        "application/octet-stream", "application/x-unknown", "", "image", "image/", "/png", "image/png/x",
        "image/p ng\r\n",
        "image/png\r\nset-cookie: a=b", "image/pn\u{e9}", "*/*",
    ])
    func whatABrowserMightRunIsBytes(type: String) {
        #expect(ServedType(type).mediaType == "application/octet-stream", "\(type)")
    }

    @Test func whatNobodyNamedIsBytes() {
        #expect(ServedType(nil) == .bytes)
    }

    @Test func aDrawingIsShownInACage() {
        for type in ["image/svg+xml", "image/SVG+XML; charset=utf-8"] {
            #expect(ServedType(type).mediaType == "image/svg+xml" && ServedType(type).isCaged)
        }
    }

    @Test func parametersAreLeftOut() {
        #expect(ServedType("text/plain; charset=utf-7").mediaType == "text/plain")
    }
}
