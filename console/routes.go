package console

import "net/http"

// routes lists every page: who may open it at least, and where it is.
func (c *Console) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /static/{file}", c.static)
	mux.HandleFunc("POST /theme", c.setTheme)

	c.on(mux, groupAdmin, "GET /{$}", c.showHome)
	c.on(mux, groupAdmin, "GET /home/live", c.liveHome)

	c.on(mux, companyAdmin, "GET /settings", c.showSettings)
	c.on(mux, companyAdmin, "POST /settings", c.saveSettings)
}
