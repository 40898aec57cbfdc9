" The buffers of :Ironclad: a title, headings at the left margin, and lines with a label.

if exists("b:current_syntax")
  finish
endif

syntax match ironcladHeading /^\S.*$/
syntax match ironcladLabel /^  \S.\{-}\ze  /
syntax match ironcladId /\<\u\+-\d\+\>/
syntax match ironcladTitle /\%1l.*/ contains=ironcladId

highlight default link ironcladTitle Title
highlight default link ironcladHeading Statement
highlight default link ironcladLabel Identifier
highlight default link ironcladId Number

let b:current_syntax = "ironclad"
