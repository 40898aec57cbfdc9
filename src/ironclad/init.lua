--- The module `ironclad` is in module.lua. This file is compiled at each start; of the others the core has the
-- bytecode.

require "ironclad.core"
return require "ironclad.module"
