import TidelockCommands

@main
struct Main {
    static func main() async {
        await Tidelock.run()
    }
}
