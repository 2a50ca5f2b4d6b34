import Testing
import TidelockTestSupport

/// The reader that the tests of CI files rely on understands them, or says that it does not.
@Suite("Reading CI files") struct YAMLTests {
    @Test func blocksTextsAndComments() throws {
        let file = try YAML(
            """
            # a comment
            name: Sync content # another
            on:
              push:
                branches: [main, next]
              manual:
            steps:
              - uses: checkout@v4

              - name: "Who: me?"
                run: |
                  echo "a"   # not a comment
                    indented

                  echo 'b'
                with:
                  key: ${{ secrets.KEY }}
              - just text
            """)
        #expect(file["name"] == .text("Sync content"))
        #expect(file["on"]?["push"]?["branches"] == .list([.text("main"), .text("next")]))
        #expect(file["on"]?["manual"] == .text(""))
        let steps = try #require(file["steps"]).elements
        #expect(steps.count == 3 && steps[0] == .map(["uses": .text("checkout@v4")]) && steps[2] == .text("just text"))
        #expect(steps[1]["name"]?.text == "Who: me?")
        #expect(steps[1]["run"]?.text == "echo \"a\"   # not a comment\n  indented\n\necho 'b'\n")
        #expect(steps[1]["with"]?["key"]?.text == "${{ secrets.KEY }}")
    }

    @Test(
        arguments: [
            "a: 1\na: 2", "a: 1\n  b: 2", "a:\n\tb: 1", "a: {b: 1}", "a: &x 1", "a: *x", "a: >\n  b", "a: \"b\\n\"",
            "a: \"b", "a: b: c", "- a\nb: 1", "a:\n- b", "a: [b, [c]]", "a: !x b", "a\n", "- ", "a: \"b # c\"",
            "a: |\n    b\n  c", "---\na: 1", "a:\n    b: 1\n  c: 2",
        ])
    func whatIsNotUnderstoodIsRefused(_ text: String) {
        #expect(throws: YAMLProblem.self) { try YAML(text) }
    }
}
