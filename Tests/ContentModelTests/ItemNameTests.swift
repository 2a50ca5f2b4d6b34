import ContentModel
import Testing

@Suite("Names of items")
struct ItemNameTests {
    @Test(arguments: [
        ("posts/42", "content/posts", "42"), ("content/posts/42", "content/posts", "42"),
        ("blog/posts/42", "content/blog/posts", "42"), ("content/blog/posts/42", "content/blog/posts", "42"),
        ("models/posts", "models", "posts"), ("models/blog/posts", "models", "blog/posts"),
        ("singletons/site", "singletons", "site"), ("locales/de", "locales", "de"),
        ("pages/7", "pages", "7"), ("pages/menus/main", "pages/menus", "main"), ("pages/menus", "pages", "menus"),
        ("assets/folders/1", "assets/folders", "1"), ("layout/components/hero", "layout/components", "hero"),
        ("lokalize/projects/shop", "lokalize/projects", "shop"),
        ("lokalize/keys/shop/nav.home", "lokalize/keys/shop", "nav.home"),
        ("lokalize/keys/shop/nav/home", "lokalize/keys/shop", "nav/home"),
    ])
    func theLongestKindCounts(text: String, kind: String, id: String) throws {
        let name = try ItemName(text)
        #expect(name.kind.name == kind && name.id == id)
    }

    @Test(arguments: [
        ("content/posts/x/b", "content/posts", "x/b"), ("content/posts/a/b/c", "content/posts/a", "b/c"),
        ("content/other/a/b", "content/other/a", "b"), ("posts/x/b", "content/posts", "x/b"),
        ("posts/a/b/c", "content/posts/a", "b/c"), ("other/a/b", "content/other/a", "b"),
        ("pages/menus/posts/1", "pages/menus", "posts/1"),
        ("lokalize/keys/web/shop/nav/home", "lokalize/keys/web/shop", "nav/home"),
    ])
    func kindsThatAreThereCountFirst(text: String, kind: String, id: String) throws {
        let known = [try Kind.content("posts"), try .content("posts/a"), try .translations(of: "web/shop"), .pages]
        let name = try ItemName(text, among: known)
        #expect(name.kind.name == kind && name.id == id)
    }

    @Test(arguments: ["", "/", "posts", "posts/", "/42", "models/", "lokalize/keys/shop", "lokalize/keys/shop/"])
    func whatNamesNoItemIsRefused(text: String) {
        #expect { try ItemName(text) } throws: { error in
            [.usage, .invalidName].contains((error as? TidelockError)?.code)
        }
    }
}
