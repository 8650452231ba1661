// A chat on gorilla/websocket in the way its users write one: every connection is read by a
// goroutine of its own, and one loop gives each message to everyone, one write each.
//
// usage: gorilla ADDRESS
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/gorilla/websocket"
)

type message struct {
	channel string
	data    []byte
}

type member struct {
	channel string
	conn    *websocket.Conn
}

var (
	joining  = make(chan member)
	leaving  = make(chan member)
	messages = make(chan message)
	upgrader = websocket.Upgrader{}
)

func loop() {
	channels := map[string]map[*websocket.Conn]bool{}
	for {
		select {
		case m := <-joining:
			if channels[m.channel] == nil {
				channels[m.channel] = map[*websocket.Conn]bool{}
			}
			channels[m.channel][m.conn] = true
		case m := <-leaving:
			delete(channels[m.channel], m.conn)
		case m := <-messages:
			for conn := range channels[m.channel] {
				if conn.WriteMessage(websocket.TextMessage, m.data) != nil {
					conn.Close()
				}
			}
		}
	}
}

func serve(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	m := member{r.URL.Query().Get("channel"), conn}
	joining <- m
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			break
		}
		messages <- message{m.channel, data}
	}
	leaving <- m
}

func main() {
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	go loop()
	http.HandleFunc("/ws", serve)
	fmt.Println("listening")
	log.Fatal(http.Serve(listener, nil))
}
