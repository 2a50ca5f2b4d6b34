-- expect: runtime: undeclared global 'package'
package.loaded.x = 1
