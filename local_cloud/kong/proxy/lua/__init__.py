"""Lua functions of plugins, in LuaJIT, with the part of Kong's and nginx's interfaces that they use."""
