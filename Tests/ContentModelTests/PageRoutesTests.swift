import ContentModel
import Testing

@Suite struct PageRoutesTests {
    private func routes(_ pages: PageNode...) -> [String] {
        PageRoutes(pages).list.map { "\($0.path) \($0.page)" }
    }

    @Test func addressesAreTheSlugsOnTheWayDown() {
        #expect(
            routes(
                PageNode(id: "3", parent: "2", slug: "2026"), PageNode(id: "1", slug: "about"),
                PageNode(id: "2", parent: "1", slug: "news")) == ["/about 1", "/about/news 2", "/about/news/2026 3"])
    }

    @Test(arguments: ["", "/"])
    func theStartPageAddsNothingToWhatIsBelowIt(_ slug: String) {
        #expect(
            routes(PageNode(id: "1", slug: slug), PageNode(id: "2", parent: "1", slug: "news")) == [
                "/ 1", "/news 2",
            ])
    }

    @Test func slashesAroundSlugsDoNotCount() {
        #expect(
            routes(PageNode(id: "1", slug: "/a/"), PageNode(id: "2", parent: "1", slug: "b/c")) == [
                "/a 1", "/a/b/c 2",
            ])
    }

    @Test func nothingLiesBelowAPageThatIsNotThere() {
        #expect(
            routes(
                PageNode(id: "2", parent: "draft", slug: "a"), PageNode(id: "3", parent: "2", slug: "b"),
                PageNode(id: "4", slug: "c")) == ["/c 4"])
    }

    @Test func aPageWithoutASlugHasNoAddress() {
        #expect(
            routes(
                PageNode(id: "1", slug: nil), PageNode(id: "2", parent: "1", slug: "a"), PageNode(id: "3", slug: "b"),
                PageNode(id: "4", parent: "3", slug: "/"), PageNode(id: "5", parent: "4", slug: "c")) == ["/b 3"])
    }

    @Test func circlesLeadNowhere() {
        #expect(
            routes(
                PageNode(id: "1", parent: "2", slug: "a"), PageNode(id: "2", parent: "1", slug: "b"),
                PageNode(id: "3", parent: "3", slug: "c"), PageNode(id: "4", parent: "1", slug: "d"),
                PageNode(id: "5", slug: "e")) == ["/e 5"])
    }

    @Test func theFirstOfTwoWithTheSameAddressHasIt() {
        #expect(
            routes(
                PageNode(id: "1", slug: "a", order: 2), PageNode(id: "2", slug: "a", order: 1),
                PageNode(id: "3", slug: "b"), PageNode(id: "4", slug: "b")) == ["/a 2", "/b 3"])
    }

    @Test func aPageWhoseAddressIsTooLongHasNone() {
        let longest = String(repeating: "x", count: PageRoutes.longestPath - 1)
        let routes = PageRoutes([
            PageNode(id: "1", slug: longest), PageNode(id: "below", parent: "1", slug: "y"),
            PageNode(id: "further", parent: "below", slug: "z"), PageNode(id: "2", slug: longest + "x"),
            PageNode(id: "3", slug: "about"), PageNode(id: "4", parent: "draft", slug: "a"),
        ])
        #expect(routes.list.map(\.page) == ["3", "1"])
        #expect(routes.leftOut == 3)
    }

    @Test func idsThatOnlyLookAlikeAreTwoPages() {
        let (composed, decomposed) = ("\u{E9}", "e\u{301}")
        let pages = [
            PageNode(id: composed, slug: "a"), PageNode(id: decomposed, slug: "b"),
            PageNode(id: "1", parent: composed, slug: "c"), PageNode(id: "2", parent: decomposed, slug: "c"),
        ]
        #expect(PageRoutes(pages).list.map(\.path) == ["/a", "/a/c", "/b", "/b/c"])
        let rivals = [PageNode(id: composed, slug: "a"), PageNode(id: decomposed, slug: "a")]
        // As bytes, 'e' with an accent behind it comes first.
        for pages in [rivals, rivals.reversed()] {
            #expect(PageRoutes(pages).list.map { Array($0.page.utf8) } == [Array(decomposed.utf8)])
        }
    }

    @Test func aLongChainIsWalkedOnce() {
        let pages = (0..<1_000).map { number in
            PageNode(id: "\(number)", parent: number == 0 ? nil : "\(number - 1)", slug: "x")
        }
        let routes = PageRoutes(pages.reversed())
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
