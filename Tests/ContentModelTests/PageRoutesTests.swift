import ContentModel
import Testing

@Suite struct PageRoutesTests {
    private func routes(_ pages: PageNode...) throws -> [String] {
        try PageRoutes(pages).list.map { "\($0.path) \($0.page)" }
    }

    @Test func addressesAreTheSlugsOnTheWayDown() throws {
        #expect(
            try routes(
                PageNode(id: "3", parent: "2", slug: "2026"), PageNode(id: "1", slug: "about"),
                PageNode(id: "2", parent: "1", slug: "news")) == ["/about 1", "/about/news 2", "/about/news/2026 3"])
    }

    @Test(arguments: ["", "/"])
    func theStartPageAddsNothingToWhatIsBelowIt(_ slug: String) throws {
        #expect(
            try routes(PageNode(id: "1", slug: slug), PageNode(id: "2", parent: "1", slug: "news")) == [
                "/ 1", "/news 2",
            ])
    }

    @Test func slashesAroundSlugsDoNotCount() throws {
        #expect(
            try routes(PageNode(id: "1", slug: "/a/"), PageNode(id: "2", parent: "1", slug: "b/c")) == [
                "/a 1", "/a/b/c 2",
            ])
    }

    @Test func nothingLiesBelowAPageThatIsNotThere() throws {
        #expect(
            try routes(
                PageNode(id: "2", parent: "draft", slug: "a"), PageNode(id: "3", parent: "2", slug: "b"),
                PageNode(id: "4", slug: "c")) == ["/c 4"])
    }

    @Test func aPageWithoutASlugHasNoAddress() throws {
        #expect(
            try routes(
                PageNode(id: "1", slug: nil), PageNode(id: "2", parent: "1", slug: "a"), PageNode(id: "3", slug: "b"),
                PageNode(id: "4", parent: "3", slug: "/"), PageNode(id: "5", parent: "4", slug: "c")) == ["/b 3"])
    }

    @Test func circlesLeadNowhere() throws {
        #expect(
            try routes(
                PageNode(id: "1", parent: "2", slug: "a"), PageNode(id: "2", parent: "1", slug: "b"),
                PageNode(id: "3", parent: "3", slug: "c"), PageNode(id: "4", parent: "1", slug: "d"),
                PageNode(id: "5", slug: "e")) == ["/e 5"])
    }

    @Test func theFirstOfTwoWithTheSameAddressHasIt() throws {
        #expect(
            try routes(
                PageNode(id: "1", slug: "a", order: 2), PageNode(id: "2", slug: "a", order: 1),
                PageNode(id: "3", slug: "b"), PageNode(id: "4", slug: "b")) == ["/a 2", "/b 3"])
    }

    @Test func addressesThatAreTooLongAreRefused() throws {
        let longest = String(repeating: "x", count: PageRoutes.longestPath - 1)
        #expect(try PageRoutes([PageNode(id: "1", slug: longest)]).list.count == 1)
        let error = #expect(throws: TidelockError.self) {
            try PageRoutes([PageNode(id: "1", slug: longest), PageNode(id: "below", parent: "1", slug: "y")])
        }
        #expect(error?.code == .tooLarge)
        #expect(error?.message.contains("'below'") == true)
    }

    @Test func aLongChainIsWalkedOnce() throws {
        let pages = (0..<1_000).map { number in
            PageNode(id: "\(number)", parent: number == 0 ? nil : "\(number - 1)", slug: "x")
        }
        let routes = try PageRoutes(pages.reversed())
        #expect(routes.list.count == 1_000)
        #expect(routes.list.last?.path == String(repeating: "/x", count: 1_000))
    }

    @Test func pagesAreReadFromItems() throws {
        let page = try JSONDocument(validating: #"{"_id":"2","_pid":"1","slug":"a","_o":3,"layout":[]}"#)
        #expect(PageNode(page) == PageNode(id: "2", parent: "1", slug: "a", order: 3))
        let root = try JSONDocument(validating: #"{"_id":"1","_pid":null,"slug":7}"#)
        #expect(PageNode(root) == PageNode(id: "1", slug: nil))
        #expect(PageNode(.emptyObject) == nil)
    }
}
