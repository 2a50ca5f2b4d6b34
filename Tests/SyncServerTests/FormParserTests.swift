import ContentModel
import NIOCore
import SeededNumbers
import SyncProtocol
import Testing

@testable import SyncServer

/// Forms that browsers send, and those that nobody should.
@Suite("The parts of a form")
struct FormParserTests {
    private struct Part: Equatable {
        var part: FormPart
        var content: [UInt8]

        init(_ name: String, file: String? = nil, _ content: String) {
            part = FormPart(name: name, file: file)
            self.content = Array(content.utf8)
        }

        init(_ part: FormPart) {
            self.part = part
            content = []
        }
    }

    private enum Outcome: Equatable {
        case parts([Part])
        case refused(ErrorCode)
    }

    /// What comes of a form that arrives in these pieces.
    private func read(_ pieces: [ArraySlice<UInt8>], boundary: String = "edge") throws -> [Part] {
        var parser = try #require(FormParser(boundary: boundary))
        var (parts, isOpen) = ([Part](), false)
        for piece in pieces {
            parser.take(ByteBuffer(bytes: piece))
            while let event = try parser.next() {
                switch event {
                case .part(let part):
                    #expect(!isOpen)
                    (parts, isOpen) = (parts + [Part(part)], true)
                case .bytes(let bytes):
                    #expect(isOpen && bytes.readableBytes > 0)
                    parts[parts.count - 1].content += bytes.readableBytesView
                case .endOfPart:
                    #expect(isOpen)
                    isOpen = false
                }
            }
        }
        try parser.finish()
        #expect(!isOpen)
        return parts
    }

    private func outcome(_ pieces: [ArraySlice<UInt8>]) -> Outcome {
        do {
            return .parts(try read(pieces))
        } catch {
            return .refused(TidelockError(wrapping: error).code)
        }
    }

    private func outcome(_ body: String) -> Outcome { outcome([Array(body.utf8)[...]]) }

    /// A form with lines as they are written here.
    private func lines(_ lines: String...) -> String { lines.joined(separator: "\r\n") }

    private var usual: String {
        lines(
            "--edge", "Content-Disposition: form-data; name=\"folder\"", "", "f1",
            "--edge", "Content-Disposition: form-data; name=\"files[]\"; filename=\"a.jpg\"",
            "Content-Type: image/jpeg", "", "\r\r\n--edg\r\n-\r--edge\r\r\n\r\n--edg", "--edge  \t",
            "content-disposition:form-data;name=empty;filename=\"\"", "", "",
            "--edge", "Content-Disposition: form-data; name=nothing", "", "--edge--", "")
    }

    private var usualParts: [Part] {
        [
            Part("folder", "f1"), Part("files[]", file: "a.jpg", "\r\r\n--edg\r\n-\r--edge\r\r\n\r\n--edg"),
            Part("empty", file: "", ""), Part("nothing", ""),
        ]
    }

    @Test func aFormIsTheSameWhereverItIsCut() throws {
        let body = Array(usual.utf8)
        #expect(try read([body[...]]) == usualParts)
        for cut in 0...body.count {
            #expect(try read([body[..<cut], body[cut...]]) == usualParts, "cut at \(cut)")
        }
        for size in 1...9 {
            let pieces = stride(from: 0, to: body.count, by: size).map { body[$0..<min($0 + size, body.count)] }
            #expect(try read(pieces) == usualParts, "pieces of \(size)")
        }
    }

    @Test func aFormThatIsCutOffIsNone() {
        let body = Array(usual.utf8)
        let end = body.count - 4  // the last dashes and the end of the line
        for length in 0..<end + 2 {
            #expect(outcome([body[..<length]]) == .refused(.malformedMessage), "\(length) bytes")
        }
        #expect(outcome([body[..<(end + 2)]]) == .parts(usualParts))
    }

    @Test func whatStandsAroundTheFormDoesNotCount() {
        let form = lines("--edge", "Content-Disposition: form-data; name=a", "", "1", "--edge--")
        #expect(outcome("preamble\r\n\(form)\r\n--edge\r\nepilogue") == .parts([Part("a", "1")]))
        #expect(outcome("\r\n\(form)") == .parts([Part("a", "1")]))
        #expect(outcome("--edge--") == .parts([]))
    }

    @Test(
        arguments: [
            ("name=\"a\\\"b\\\\c\\d\"", FormPart(name: "a\"b\\c\\d")),
            ("name=a; filename=\"C:\\dir\\photo.jpg\"", FormPart(name: "a", file: "photo.jpg")),
            ("name=a; filename=\"dir/photo%22s%20.jpg\"", FormPart(name: "a", file: "photo\"s%20.jpg")),
            ("name=a; filename=\"grün;ä.jpg\"", FormPart(name: "a", file: "grün;ä.jpg")),
            ("name=a; filename=b; filename*=UTF-8''c", FormPart(name: "a", file: "b")),
            ("NAME = a", nil), ("name=a; Name=b", nil), ("name=\"a", nil), ("name=", nil), ("filename=a", nil),
            ("name=a; filename*=UTF-8''c", nil), ("name=a filename=b", nil), ("name=a; filename", nil),
            ("name=\"a\u{1}b\"", nil), ("name=\"" + String(repeating: "a", count: 256) + "\"", nil),
        ] as [(String, FormPart?)])
    func namesAreReadAsBrowsersWriteThem(parameters: String, part: FormPart?) {
        let line = Array("Content-Disposition: form-data; \(parameters)".utf8)
        #expect((try? FormPart(head: [line])) == part)
    }

    @Test(
        arguments: [
            [], ["Content-Disposition: attachment; name=a"], ["Content-Disposition form-data; name=a"],
            ["Content-Disposition: form-data; name=a", "Content-Disposition: form-data; name=b"],
            ["Content-Disposition: form-data; name=a", " folded"], ["Content-Disposition: form-data; name=a", ": x"],
            ["Content-Disposition: form-data; name=a", "Content-Transfer-Encoding: base64"],
        ] as [[String]])
    func aHeadThatCanBeReadInTwoWaysIsRefused(head: [String]) {
        #expect(throws: TidelockError.self) { try FormPart(head: head.map { Array($0.utf8) }) }
    }

    @Test func textThatIsNotUnicodeIsNoName() {
        let line = Array("Content-Disposition: form-data; name=\"".utf8) + [0xFF] + Array("\"".utf8)
        #expect(throws: TidelockError.self) { try FormPart(head: [line]) }
    }

    @Test func aLineThatGoesOnBehindTheBoundaryIsRefused() {
        let head = "Content-Disposition: form-data; name=a"
        #expect(outcome(lines("--edge", head, "", "1", "--edges", "2", "--edge--")) == .refused(.malformedMessage))
        #expect(outcome("--edge\n\(head)\n\n1\n--edge--") == .refused(.malformedMessage))
    }

    @Test(arguments: ["", " ", "a ", "a\"b", "a\r\nb", "ä", String(repeating: "a", count: 71)])
    func aBoundaryThatCannotBeIsRefused(boundary: String) {
        #expect(FormParser(boundary: boundary) == nil)
    }

    @Test func theLongestBoundaryIsFound() throws {
        let boundary = "'()+_,-./:=? " + String(repeating: "x", count: 57)
        let body = lines("--\(boundary)", "Content-Disposition: form-data; name=a", "", "1", "--\(boundary)--")
        #expect(try read([Array(body.utf8)[...]], boundary: boundary) == [Part("a", "1")])
    }

    // MARK: Limits

    @Test func onlySoManyPartsAreTaken() {
        let part = lines("--edge", "Content-Disposition: form-data; name=a", "", "", "")
        let most = String(repeating: part, count: Limits.formParts)
        #expect(outcome(most + "--edge--") == .parts([Part](repeating: Part("a", ""), count: Limits.formParts)))
        #expect(outcome(most + part + "--edge--") == .refused(.tooLarge))
    }

    @Test func aHeadIsNeverLargerThanItMayBe() {
        let head = "Content-Disposition: form-data; name=a"
        let long = "X: " + String(repeating: "a", count: Limits.formHeadBytes)
        #expect(outcome(lines("--edge", head, long, "", "", "--edge--")) == .refused(.tooLarge))
        #expect(outcome("--edge" + String(repeating: " ", count: Limits.formHeadBytes)) == .refused(.tooLarge))
        let many = String(repeating: "\r\nX: a", count: Limits.formHeadBytes / 6)
        #expect(outcome("--edge\r\n\(head)\(many)\r\n\r\n\r\n--edge--") == .refused(.tooLarge))
    }

    // MARK: Hostile forms

    @Test(arguments: [1, 2, 3] as [UInt64])
    func aSpoiledFormIsTheSameWhereverItIsCut(seed: UInt64) {
        var dice = SplitMix64(seed: seed)
        let signs = Array("\r\n-\";: e".utf8) + [0, 0xFF]
        for round in 0..<500 {
            var body = Array(usual.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &dice) {
                let place = Int.random(in: 0..<body.count, using: &dice)
                let sign = signs[Int.random(in: 0..<signs.count, using: &dice)]
                if Bool.random(using: &dice) { body[place] = sign } else { body.insert(sign, at: place) }
            }
            let whole = outcome([body[...]])
            #expect(outcome(body.indices.map { body[$0...$0] }) == whole, "seed \(seed), round \(round)")
            let cut = Int.random(in: 0...body.count, using: &dice)
            #expect(outcome([body[..<cut], body[cut...]]) == whole, "seed \(seed), round \(round)")
        }
    }
}
