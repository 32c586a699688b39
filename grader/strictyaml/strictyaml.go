// Package strictyaml reads the course's YAML files and says where they are wrong.
//
// Every error names file and line. Unknown fields, duplicate keys and a second document are errors.
// What a file means is for its owner to check; Document.Errorf puts the place to such an error.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Error is a fault in a file.
type Error struct {
	File string
	Line int // from 1; 0 if the fault has no line
	Err  error
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// Document is a file that has been read.
type Document struct {
	File string
	root yaml.Node
}

// Decode reads data into out, a pointer to a struct with yaml tags. An empty file is an error.
func Decode(file string, data []byte, out any) (*Document, error) {
	d := &Document{File: file}
	if err := yaml.Unmarshal(data, &d.root); err != nil {
		return nil, d.translate(err)
	}
	if d.root.Kind == 0 || d.root.Content[0].ShortTag() == "!!null" {
		return nil, &Error{file, 0, errors.New("the file is empty")}
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(out); err != nil {
		return nil, d.translate(err)
	}
	if err := dec.Decode(new(yaml.Node)); err != io.EOF {
		return nil, &Error{file, 0, errors.New("more than one document (a line of ---)")}
	}
	return d, nil
}

// Errorf makes an error at the place of a value. The path leads there: keys (string) and indexes
// (int); where it leads nowhere, the line of the nearest value on the way is taken.
func (d *Document) Errorf(path []any, format string, args ...any) error {
	return &Error{d.File, d.Line(path...), fmt.Errorf(format, args...)}
}

// Line gives the line of a value (see Errorf).
func (d *Document) Line(path ...any) int {
	n := &d.root
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	line := n.Line
	for _, p := range path {
		if n = child(n, p); n == nil {
			break
		}
		line = n.Line
	}
	return line
}

func child(n *yaml.Node, p any) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch p := p.(type) {
	case int:
		if n.Kind == yaml.SequenceNode && 0 <= p && p < len(n.Content) {
			return n.Content[p]
		}
	case string:
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == p {
				return n.Content[i+1]
			}
		}
	}
	return nil
}

var (
	lineRE    = regexp.MustCompile(`(?s)^(?:yaml: )?line (\d+): (.*)$`)
	unknownRE = regexp.MustCompile(`(?s)^field (.+) not found in type .*$`)
	intoRE    = regexp.MustCompile(`(?s)^cannot unmarshal (!!\S+)(?: (.*))? into (.+)$`)
)

// translate turns the library's errors into ours, in the words of someone who writes a course. Only
// the first of several is told.
func (d *Document) translate(err error) error {
	text := err.Error()
	var te *yaml.TypeError
	if errors.As(err, &te) {
		text = te.Errors[0]
	}
	m := lineRE.FindStringSubmatch(text)
	if m == nil {
		return &Error{d.File, 0, errors.New(strings.TrimPrefix(text, "yaml: "))}
	}
	line, _ := strconv.Atoi(m[1])
	text = m[2]
	if u := unknownRE.FindStringSubmatch(text); u != nil {
		text = fmt.Sprintf("unknown field %q", u[1])
	} else if i := intoRE.FindStringSubmatch(text); i != nil {
		text = fmt.Sprintf("%s is not %s", kind(i[1])+strings.Trim(" "+i[2], " "), goKind(i[3]))
	}
	return &Error{d.File, line, errors.New(text)}
}

func kind(tag string) string {
	switch tag {
	case "!!map":
		return "a mapping"
	case "!!seq":
		return "a list"
	}
	return ""
}

func goKind(t string) string {
	switch {
	case strings.HasPrefix(t, "[]"):
		return "a list"
	case strings.HasPrefix(t, "int"):
		return "a whole number"
	case t == "bool":
		return "true or false"
	case t == "string":
		return "a text"
	case strings.HasPrefix(t, "float"):
		return "a number"
	}
	return "a mapping"
}
