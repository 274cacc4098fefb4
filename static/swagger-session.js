"use strict";

// Swagger UI takes its settings from the page as JSON, which cannot hold a function. This stands
// between the page and Swagger UI and adds one: calls that change something in a browser's session
// carry the session's CSRF value, as the server asks for.
{
  const SAFE = ["GET", "HEAD", "OPTIONS"];
  const swaggerUi = window.SwaggerUIBundle;

  const cookie = (name) =>
    document.cookie
      .split("; ")
      .filter((pair) => pair.startsWith(`${name}=`))
      .map((pair) => pair.slice(name.length + 1))[0];

  const withCsrfValue = (request) => {
    const value = cookie("csrftoken");
    const here = new URL(request.url, window.location.href).origin === window.location.origin;
    const safe = SAFE.includes((request.method || "GET").toUpperCase());
    if (value && here && !safe) {
      request.headers = { "X-CSRFTOKEN": value, ...request.headers };
    }
    return request;
  };

  const withSession = (settings) => swaggerUi({ ...settings, requestInterceptor: withCsrfValue });

  window.SwaggerUIBundle = Object.assign(withSession, swaggerUi);
}
