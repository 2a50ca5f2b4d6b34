/// The components that layouts are made of.
enum LayoutComponents {
    /// Those that come with Cockpit (https://getcockpit.com/documentation/pro/layout/components). All others are
    /// defined by items of `layout/components`.
    static let builtIn: Set<String> = [
        "button", "grid", "heading", "html", "image", "link", "markdown", "richtext", "section", "spacer",
    ]
}
