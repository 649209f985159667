-- What courses.db holds, to be read in a review. A test compares the two.
-- To make the database again: rm courses.db && sqlite3 courses.db < courses.sql
CREATE TABLE Courses (
	id INT AUTO_INCREMENT PRIMARY KEY,
	course_date DATE NOT NULL,
	start_time TIME NOT NULL,
	end_time TIME NOT NULL,
	course_name VARCHAR(255) NOT NULL,
	instructor VARCHAR(255) NOT NULL
);
INSERT INTO Courses VALUES
	(1, '2024-08-12', '20:00', '22:00', '大模型应用开发基础', '李明远'),
	(2, '2024-08-14', '20:00', '22:00', 'Function Calling', '陈静'),
	(3, '2024-08-16', '20:00', '22:00', 'RAG 与向量数据库', '李明远'),
	(4, '2024-08-19', '20:00', '22:00', 'Assistants API', '赵一帆'),
	(5, '2024-08-21', '19:30', '21:30', 'LangChain 入门', '陈静'),
	(6, '2024-08-23', '20:00', '22:00', '智能体与多步推理', '赵一帆'),
	(7, '2024-08-26', '20:00', '22:00', '模型微调', '孙若兰'),
	(8, '2024-08-29', '20:00', '21:30', '应用评测与上线', '孙若兰');
