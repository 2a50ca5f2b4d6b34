#pragma once

#include <cstddef>
#include <cstdlib>

namespace tidelock::json {

/// Memory that is reused from call to call. Growing forgets what was in it.
///
/// `std::vector` would throw when memory runs out, and nothing here may raise into Swift or Lua.
template <typename Element>
class Scratch {
public:
    Scratch() = default;
    Scratch(const Scratch &) = delete;
    Scratch &operator=(const Scratch &) = delete;
    ~Scratch() { std::free(elements); }

    /// Makes room for `count` elements; false when memory ran out.
    [[nodiscard]] bool reserve(size_t count) {
        if (count <= capacity) return true;
        size_t wanted = count + count / 8;
        release();
        elements = static_cast<Element *>(std::malloc(wanted * sizeof(Element)));
        if (elements) capacity = wanted;
        return elements != nullptr;
    }

    void release() {
        std::free(elements);
        elements = nullptr;
        capacity = 0;
    }

    Element *data() { return elements; }
    Element &operator[](size_t index) { return elements[index]; }

private:
    Element *elements = nullptr;
    size_t capacity = 0;
};

}  // namespace tidelock::json
