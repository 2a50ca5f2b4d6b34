import Testing

@testable import CurlHTTP

@Suite("Reading header lines")
struct ResponseHeadTests {
    @Test func fieldsAreSplitAndTrimmed() {
        let head = read("HTTP/1.1 200 OK", "A: 1", "B:2 ", "C:", "D: x:y", "")
        #expect(head.fields == [HTTPField("A", "1"), HTTPField("B", "2"), HTTPField("C", ""), HTTPField("D", "x:y")])
    }

    @Test func aLaterHeadReplacesAnEarlierOne() {
        #expect(
            read("HTTP/1.1 100 Continue", "A: 1", "", "HTTP/1.1 200 OK", "B: 2", "").fields == [HTTPField("B", "2")])
    }

    @Test func foldedLinesAreJoined() {
        #expect(read("HTTP/1.1 200 OK", "A: 1", "  2", "\t3", "").fields == [HTTPField("A", "1 2 3")])
    }

    @Test func whatComesAfterTheBodyIsNotTaken() {
        #expect(read("HTTP/1.1 200 OK", "A: 1", "", "B: 2", "").fields == [HTTPField("A", "1")])
    }

    @Test func bytesAreCountedUpToTheLimit() {
        var head = ResponseHead(limit: 30)
        let fits = ["HTTP/1.1 200 OK\r\n", "012345: 78\r\n", "\r\n"].map { head.take(Array($0.utf8)) }
        #expect(fits == [true, true, false])
        #expect(head.byteCount == 31)
    }

    @Test func fieldsOfThePackedBodyAreLeftOutOnlyIfItWasUnpacked() {
        let packed = read("HTTP/1.1 200 OK", "content-encoding: gzip", "content-length: 3", "A: 1", "")
        #expect(packed.fields(describingUnpackedBody: true) == [HTTPField("A", "1")])
        #expect(packed.fields(describingUnpackedBody: false).count == 3)
        let plain = read("HTTP/1.1 200 OK", "Content-Length: 3", "")
        #expect(plain.fields(describingUnpackedBody: true) == [HTTPField("Content-Length", "3")])
    }

    private func read(_ lines: String...) -> ResponseHead {
        var head = ResponseHead(limit: 10_000)
        for line in lines { _ = head.take(Array((line + "\r\n").utf8)) }
        return head
    }
}
