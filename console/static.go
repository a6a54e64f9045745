package console

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
)

//go:embed static
var staticFiles embed.FS

// versions are the first digits of each file's hash: an address with a version
// is kept by browsers for good, and a new file has a new address.
var versions = func() map[string]string {
	out := map[string]string{}
	files, err := fs.Glob(staticFiles, "static/*")
	if err != nil {
		panic(err) // a pattern of ours
	}
	for _, file := range files {
		data, err := staticFiles.ReadFile(file)
		if err != nil {
			panic(err) // it is embedded
		}
		sum := sha256.Sum256(data)
		out[path.Base(file)] = hex.EncodeToString(sum[:6])
	}
	return out
}()

// asset is the address of a static file.
func asset(name string) string { return "/static/" + name + "?v=" + versions[name] }

func (c *Console) static(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	data, err := staticFiles.ReadFile("static/" + name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	w.Header().Set("Cache-Control", "public, max-age=300")
	if r.URL.Query().Get("v") == versions[name] {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	w.Write(data)
}
